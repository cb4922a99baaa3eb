import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AgentOptions } from '../../src/generated/bridge-command.ts'
import { openedSandbox, sleep, turn, useSandboxes } from '../support/dialogue.ts'

const start = useSandboxes()

const INPUT_SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 2, examples: ['Kiel'] },
    unit: { enum: ['C', 'F'], default: 'C' },
    when: { oneOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
  },
  required: ['city'],
  additionalProperties: false,
  'x-note': 'kept as it is',
}

const WEATHER: Partial<AgentOptions> = {
  permission_mode: 'default',
  client_servers: [
    {
      name: 'inline-tools',
      version: '1.0.0',
      tools: [{ name: 'weather', description: 'Tells the weather', input_schema: INPUT_SCHEMA }],
    },
  ],
}

const CALL = 'tool: mcp__inline-tools__weather {"city": "Kiel"}'

test("a client's tool is called through the door and its answer reaches the model", async () => {
  const { worker, model } = await openedSandbox(start, WEATHER)
  const message = randomUUID()
  worker.run(message, CALL)

  const call = await worker.next('client_tool_call')
  const content = [
    { type: 'text', text: 'sunny' },
    { type: 'resource', uri: 'file:///w.txt', mimeType: 'text/plain', text: 'a flat resource' },
  ]
  worker.send({ type: 'client_tool_result', call_id: call.call_id, content, is_error: false })
  const ended = await worker.next('turn_ended')

  expect(call).toMatchObject({
    turn_id: message,
    server: 'inline-tools',
    tool: 'weather',
    input: { city: 'Kiel' },
    tool_use_id: expect.stringMatching(/^toolu_/),
  })
  expect(ended.stop_reason).toBe('end_turn')
  expect(model.transcript()).toContain('sunny')
  expect(model.transcript()).toContain('a flat resource')
  expect(worker.all('client_tool_closed')).toEqual([])
})

test("the model sees the client's schema unchanged", async () => {
  const { worker, model } = await openedSandbox(start, {
    ...WEATHER,
    env: { ENABLE_TOOL_SEARCH: 'false' },
  })

  await turn(worker, 'hello')

  const tool = model.requests[0]?.tools.find(({ name }) => name === 'mcp__inline-tools__weather')
  expect(tool?.input_schema).toEqual(INPUT_SCHEMA)
})

test('a call without an answer times out, and a late answer changes nothing', async () => {
  const { worker, model } = await openedSandbox(start, { ...WEATHER, client_tool_timeout_ms: 500 })
  worker.run(randomUUID(), CALL)

  const call = await worker.next('client_tool_call')
  const closed = await worker.next('client_tool_closed')
  const ended = await worker.next('turn_ended')
  const late = [{ type: 'text', text: 'too late' }]
  worker.send({ type: 'client_tool_result', call_id: call.call_id, content: late, is_error: false })
  await turn(worker, 'and now?')

  expect(closed).toMatchObject({ call_id: call.call_id, outcome: 'timed_out' })
  expect(ended.stop_reason).toBe('end_turn')
  expect(model.transcript()).toContain('did not answer within 0.5 s')
  expect(model.transcript()).not.toContain('too late')
})

test('an interrupt cancels the open call', async () => {
  const { worker } = await openedSandbox(start, WEATHER)
  const message = randomUUID()
  worker.run(message, CALL)
  const call = await worker.next('client_tool_call')

  worker.send({ type: 'interrupt', turn_id: message })
  const ended = await worker.next('turn_ended')

  expect(ended).toMatchObject({ turn_id: message, stop_reason: 'interrupted' })
  const closed = { call_id: call.call_id, outcome: 'cancelled' }
  expect(worker.all('client_tool_closed')).toMatchObject([closed])
})

test('an error result reaches the model as one', async () => {
  const { worker, model } = await openedSandbox(start, WEATHER)
  worker.run(randomUUID(), CALL)
  const call = await worker.next('client_tool_call')

  const content = [{ type: 'text', text: 'no such city' }]
  worker.send({ type: 'client_tool_result', call_id: call.call_id, content, is_error: true })
  await worker.next('turn_ended')

  expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toMatch(
    /no such city.*is_error":true/,
  )
})

test('results of several megabytes pass', async () => {
  const { worker } = await openedSandbox(start, WEATHER)
  worker.run(randomUUID(), CALL)
  const call = await worker.next('client_tool_call')

  const content = [{ type: 'text', text: 'long line\n'.repeat(500_000) }]
  worker.send({ type: 'client_tool_result', call_id: call.call_id, content, is_error: false })

  expect(await worker.next('turn_ended')).toMatchObject({ stop_reason: 'end_turn' })
})

test('a call that waits survives the loss of the worker', async () => {
  const sandbox = await openedSandbox(start, WEATHER)
  sandbox.worker.run(randomUUID(), CALL)
  const call = await sandbox.worker.next('client_tool_call')
  sandbox.worker.close()
  await sleep(300)

  const second = await sandbox.listen({ committed: sandbox.worker.committed })
  await second.next('attached')
  const content = [{ type: 'text', text: 'after all' }]
  second.send({ type: 'client_tool_result', call_id: call.call_id, content, is_error: false })

  expect(await second.next('turn_ended')).toMatchObject({ stop_reason: 'end_turn' })
  expect(sandbox.model.transcript()).toContain('after all')
})
