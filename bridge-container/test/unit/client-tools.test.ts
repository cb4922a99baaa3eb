import { beforeEach, expect, test } from 'vitest'
import type { DurableFrame } from '../../src/bridge-server/frame-log.ts'
import { type ClientTools, createClientTools } from '../../src/coordinator/client-tools.ts'
import { toMcpContent } from '../../src/coordinator/content.ts'
import { numbered } from '../support/ids.ts'
import { type ManualClock, manualClock, settled } from '../support/manual-clock.ts'

type Message = Record<string, unknown>

let clock: ManualClock
let sent: DurableFrame[]
let replies: Message[]
let tools: ClientTools
let send: (message: Message) => void

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, 'x-note': 'kept' }

beforeEach(async () => {
  clock = manualClock()
  sent = []
  replies = []
  tools = createClientTools({
    servers: [
      {
        name: 'my server',
        tools: [
          { name: 'weather', description: 'Tells the weather', input_schema: SCHEMA },
          { name: 'now', description: 'Tells the time', input_schema: {} },
        ],
      },
    ],
    timeoutMs: 1_000,
    clock,
    newId: numbered('c'),
    send: (frame) => sent.push(frame),
    turnId: () => 't1',
  })
  const transport: { onmessage?: (message: Message) => void; send(m: Message): Promise<void> } = {
    send: async (message) => {
      replies.push(message)
    },
  }
  await tools.servers.get('my server')?.connect(transport)
  send = (message) => transport.onmessage?.({ jsonrpc: '2.0', ...message })
})

function call(id: number, name = 'weather'): void {
  send({ id, method: 'tools/call', params: { name, arguments: { city: 'Kiel' } } })
}

test("the model's own id of the call goes out with it", async () => {
  const _meta = { 'claudecode/toolUseId': 'toolu_1' }
  send({ id: 1, method: 'tools/call', params: { name: 'weather', arguments: {}, _meta } })
  await settled()

  expect(sent).toMatchObject([{ type: 'client_tool_call', tool_use_id: 'toolu_1' }])
})

test('introduces itself and lists tools with their schemas untouched', async () => {
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } })
  send({ method: 'notifications/initialized' })
  send({ id: 2, method: 'tools/list' })
  send({ id: 3, method: 'ping' })
  send({ id: 4, method: 'prompts/list' })
  await settled()

  expect(replies).toMatchObject([
    { id: 1, result: { protocolVersion: '2025-11-25', serverInfo: { name: 'my server' } } },
    { id: 2 },
    { id: 3, result: {} },
    { id: 4, error: { code: -32601 } },
  ])
  expect(replies[1]?.result).toHaveProperty('tools')
  expect(Object(replies[1]?.result).tools).toEqual([
    { name: 'weather', description: 'Tells the weather', inputSchema: SCHEMA },
    { name: 'now', description: 'Tells the time', inputSchema: { type: 'object' } },
  ])
  expect(tools.toolNames).toEqual(['mcp__my_server__weather', 'mcp__my_server__now'])
})

test('a call goes out and its answer comes back', async () => {
  call(7)
  await settled()
  expect(sent).toEqual([
    {
      type: 'client_tool_call',
      turn_id: 't1',
      call_id: 'c1',
      server: 'my server',
      tool: 'weather',
      input: { city: 'Kiel' },
    },
  ])

  const content = [{ type: 'text', text: 'sunny' }]
  tools.answer({ type: 'client_tool_result', call_id: 'c1', content, is_error: false })
  await settled()

  expect(replies).toEqual([{ jsonrpc: '2.0', id: 7, result: { content, isError: false } }])
})

test('a call that nobody answers times out, and its late answer changes nothing', async () => {
  call(1)
  await clock.advance(1_000)
  tools.answer({ type: 'client_tool_result', call_id: 'c1', content: [], is_error: false })
  await clock.advance(5_000)

  expect(sent.slice(1)).toEqual([
    { type: 'client_tool_closed', call_id: 'c1', outcome: 'timed_out' },
  ])
  expect(replies).toMatchObject([{ id: 1, result: { isError: true } }])
})

test('calls that are given up are told as cancelled, each once', async () => {
  call(1)
  call(2, 'now')
  await settled()

  send({ method: 'notifications/cancelled', params: { requestId: 2 } })
  await settled()
  tools.cancelAll()
  tools.cancelAll()
  await settled()

  expect(sent.slice(2)).toEqual([
    { type: 'client_tool_closed', call_id: 'c2', outcome: 'cancelled' },
    { type: 'client_tool_closed', call_id: 'c1', outcome: 'cancelled' },
  ])
})

test('an unknown tool and an unknown call are refused and ignored', async () => {
  call(1, 'nothing')
  tools.answer({ type: 'client_tool_result', call_id: 'zzz', content: [], is_error: false })
  await settled()

  expect(replies).toMatchObject([{ id: 1, error: { code: -32602 } }])
  expect(sent).toEqual([])
})

test.each([
  [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'a' },
  ],
  [
    { type: 'image', data: 'AA==', mimeType: 'image/png', extra: 1 },
    { type: 'image', data: 'AA==', mimeType: 'image/png' },
  ],
  [
    { type: 'resource', uri: 'x:1', mimeType: 'text/plain', text: 'flat' },
    { type: 'resource', resource: { uri: 'x:1', mimeType: 'text/plain', text: 'flat' } },
  ],
  [
    { type: 'resource', uri: 'x:1', blob: 'AA==' },
    { type: 'resource', resource: { uri: 'x:1', blob: 'AA==' } },
  ],
  [
    { type: 'resource', resource: { uri: 'x:1', text: 'nested' } },
    { type: 'resource', resource: { uri: 'x:1', text: 'nested' } },
  ],
  [
    { type: 'resource', uri: 'x:1' },
    { type: 'resource', resource: { uri: 'x:1', text: '' } },
  ],
  [
    { type: 'hologram', of: 1 },
    { type: 'text', text: '{"type":"hologram","of":1}' },
  ],
  [{ type: 'image' }, { type: 'text', text: '{"type":"image"}' }],
  ['bare', { type: 'text', text: 'bare' }],
])('%j becomes %j', (item, expected) => {
  expect(toMcpContent([item])).toEqual([expected])
})
