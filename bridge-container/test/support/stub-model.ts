import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

type Json = Record<string, unknown>

export interface ModelRequest {
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: unknown }>
  readonly tools: ReadonlyArray<{ readonly name: string; readonly input_schema: unknown }>
  readonly apiKey: string | undefined
}

/**
 * A Messages API that does what the last user message says: `bash: <command>`, `tool: <name> <json>`,
 * `slow: <words>`, `status: <code>`, `refuse`; a tool's result it repeats; anything else it echoes.
 */
export interface StubModel {
  readonly requests: ModelRequest[]
  /** Everything that the model was sent, as text. */
  transcript(): string
  close(): void
}

export async function listenAsModel(socketPath: string): Promise<StubModel> {
  const requests: ModelRequest[] = []
  const server = createServer((request, response) => {
    void readBody(request).then(async (text) => {
      if (!(request.url ?? '').startsWith('/v1/messages')) {
        response.writeHead(404).end('{}')
        return
      }
      const body = JSON.parse(text) as Json
      requests.push(toModelRequest(body, request))
      await answer(body, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    requests,
    transcript: () => JSON.stringify(requests.map((request) => request.messages)),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function toModelRequest(body: Json, request: IncomingMessage): ModelRequest {
  const apiKey = request.headers['x-api-key']
  return {
    messages: body.messages as ModelRequest['messages'],
    tools: (body.tools ?? []) as ModelRequest['tools'],
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

async function answer(body: Json, response: ServerResponse): Promise<void> {
  const said = lastUserMessage(body)
  const status = /^status: (\d+)/m.exec(said.text)?.[1]
  if (status !== undefined && said.toolResults.length === 0) {
    const error = { type: 'invalid_request_error', message: `the stub says ${status}` }
    response.writeHead(Number(status), { 'content-type': 'application/json' })
    response.end(JSON.stringify({ type: 'error', error }))
    return
  }
  await stream(body, said, response)
}

interface Said {
  readonly text: string
  readonly toolResults: readonly unknown[]
}

function lastUserMessage(body: Json): Said {
  const messages = body.messages as ReadonlyArray<{ role: string; content: unknown }>
  const last = messages.findLast((message) => message.role === 'user')
  const blocks = (
    Array.isArray(last?.content) ? last.content : [{ type: 'text', text: last?.content }]
  ) as Json[]
  const plain = blocks.findLastIndex(isPlainText)
  const rest = blocks.slice(plain + 1).filter((block) => block.type === 'tool_result')
  return {
    text: String(blocks[plain]?.text ?? ''),
    toolResults: rest.map(({ content }) => content),
  }
}

/** What the agent adds on its own account is no user's word. */
function isPlainText({ type, text }: Json): boolean {
  return type === 'text' && !String(text).trimStart().startsWith('<')
}

async function stream(body: Json, said: Said, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (event: Json) =>
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  send({
    type: 'message_start',
    message: {
      id: `msg_${randomId()}`,
      type: 'message',
      role: 'assistant',
      model: body.model,
      content: [],
      stop_reason: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  })
  const stopReason = await sendContent(said, send)
  send({
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: 5 },
  })
  send({ type: 'message_stop' })
  response.end()
}

async function sendContent(said: Said, send: (event: Json) => void): Promise<string> {
  if (said.toolResults.length > 0) {
    await sendText(`result: ${JSON.stringify(said.toolResults).slice(0, 20_000)}`, send)
    return 'end_turn'
  }
  const bash = /^bash: (.*)$/ms.exec(said.text)?.[1]
  if (bash !== undefined) return sendCall('Bash', { command: bash, description: 'a test' }, send)
  const tool = /^tool: (\S+) (.*)$/m.exec(said.text)
  if (tool?.[1] !== undefined) return sendCall(tool[1], JSON.parse(tool[2] ?? '{}'), send)
  const refuses = /^refuse|stopped by a safety classifier/m.test(said.text)
  const slow = /^slow: (\d+)/m.exec(said.text)?.[1]
  if (slow !== undefined) await sendText('word '.repeat(Number(slow)), send, 100)
  else await sendText(refuses ? 'No.' : `echo: ${said.text.slice(0, 200)}`, send)
  return refuses ? 'refusal' : 'end_turn'
}

async function sendText(text: string, send: (event: Json) => void, pauseMs = 0): Promise<void> {
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
  const step = pauseMs > 0 ? 5 : 4_000
  for (let at = 0; at < text.length; at += step) {
    const delta = { type: 'text_delta', text: text.slice(at, at + step) }
    send({ type: 'content_block_delta', index: 0, delta })
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  send({ type: 'content_block_stop', index: 0 })
}

function sendCall(name: string, input: unknown, send: (event: Json) => void): string {
  const block = { type: 'tool_use', id: `toolu_${randomId()}`, name, input: {} }
  const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) }
  send({ type: 'content_block_start', index: 0, content_block: block })
  send({ type: 'content_block_delta', index: 0, delta })
  send({ type: 'content_block_stop', index: 0 })
  return 'tool_use'
}

function randomId(): string {
  return Math.random().toString(36).slice(2)
}
