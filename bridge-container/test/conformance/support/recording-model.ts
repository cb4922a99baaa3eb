import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Block {
  readonly type: string
  readonly text?: string
  readonly id?: string
  readonly tool_use_id?: string
  readonly content?: unknown
  readonly is_error?: boolean
}

export interface ModelMessage {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly Block[]
}

/** The messages of one request in which an agent went on; what it asks on the side is not here. */
export type Seen = readonly ModelMessage[]

/** The practice model, seen through a window: it answers, and what it was sent is kept. */
export interface RecordingModel {
  readonly url: string
  readonly seen: Seen[]
  /** Closes the connections of all answers that are under way. */
  breakOff(): void
  close(): void
}

export async function recordingModel(practiceModel: string): Promise<RecordingModel> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      if (isTurn(request, body)) seen.push((JSON.parse(body.toString()) as Turn).messages)
      forward(new URL(request.url ?? '/', practiceModel), request, body, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    breakOff: () => server.closeAllConnections(),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

interface Turn {
  readonly messages: Seen
  readonly tools?: readonly unknown[]
}

function isTurn({ url, method }: IncomingMessage, body: Buffer): boolean {
  if (method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(url ?? '')) return false
  return ((JSON.parse(body.toString()) as Turn).tools ?? []).length > 0
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** An answer that breaks off, at either end, breaks off at the other one too. */
function forward(to: URL, from: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const headers = { ...from.headers, host: to.host }
  const upstream = send(to, { method: from.method ?? 'GET', headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.on('error', () => response.destroy())
    answer.pipe(response)
  })
  upstream.on('error', () => response.destroy())
  response.on('close', () => upstream.destroy())
  upstream.end(body)
}

export function blocksOf(message: ModelMessage | undefined): readonly Block[] {
  const content = message?.content ?? []
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** The results that the model was shown, by the ids of their calls. */
export function toolResults(seen: Seen | undefined): Map<string, Block> {
  const results = (seen ?? [])
    .flatMap((message) => blocksOf(message))
    .filter(({ type }) => type === 'tool_result')
  return new Map(results.map((result) => [result.tool_use_id ?? '', result]))
}

export function toolCalls(seen: Seen | undefined): string[] {
  const calls = (seen ?? [])
    .flatMap((message) => blocksOf(message))
    .filter(({ type }) => type === 'tool_use')
  return calls.map(({ id }) => id ?? '')
}

/** What stands in the conversation itself, without what the agent says of itself and its surroundings. */
export function textsOf(seen: Seen | undefined): string[] {
  return (seen ?? [])
    .filter(({ role }) => role !== 'system')
    .flatMap((message) => blocksOf(message))
    .map(({ text, content }) => text ?? (typeof content === 'string' ? content : ''))
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith('<system-reminder>'))
}
