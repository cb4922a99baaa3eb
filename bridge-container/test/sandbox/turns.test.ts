import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  bash,
  LONG_COMMAND,
  openedSandbox,
  sdkMessages,
  sleep,
  turn,
  useSandboxes,
} from '../support/dialogue.ts'

const start = useSandboxes()

test('runs a turn with a Bash call, and another in the same process', async () => {
  const { worker, model, sessionId } = await openedSandbox(start)
  const first = randomUUID()

  const ended = await turn(worker, 'bash: echo $((40 + 2)) > answer; cat answer', first)
  const again = await turn(worker, [{ type: 'text', text: 'hello again' }])

  expect(ended).toMatchObject({ turn_id: first, message_id: first, stop_reason: 'end_turn' })
  expect(ended.result).toMatchObject({ type: 'result', session_id: sessionId })
  expect(again).toMatchObject({ stop_reason: 'end_turn' })
  expect(model.transcript()).toContain('42')
  expect(model.requests.every(({ apiKey }) => apiKey === 'sandbox-has-no-key')).toBe(true)
})

test('sends every message verbatim and stream events only live', async () => {
  const { worker } = await openedSandbox(start)

  const { turn_id } = await turn(worker, 'hello')

  const types = worker.all('sdk_message').map(({ message }) => (message as { type: string }).type)
  expect(types).toContain('command_lifecycle')
  expect(types).toContain('system')
  expect(types).toContain('assistant')
  expect(types).toContain('result')
  expect(types).not.toContain('stream_event')
  const deltas = worker.all('delta')
  expect(deltas.length).toBeGreaterThan(2)
  expect(deltas.every((delta) => delta.turn_id === turn_id)).toBe(true)
})

test('a repeated run_turn changes nothing', async () => {
  const { worker, model } = await openedSandbox(start)
  const message = randomUUID()
  await turn(worker, 'hello', message)
  const asked = model.requests.length

  worker.run(message, 'hello')
  await turn(worker, 'something else')

  expect(model.requests.length).toBe(asked + 1)
  expect(worker.all('turn_ended').filter(({ turn_id }) => turn_id === message)).toHaveLength(1)
})

test('turns that are handed over together run one after the other', async () => {
  const { worker } = await openedSandbox(start)
  const turns = [randomUUID(), randomUUID(), randomUUID()]

  for (const id of turns) worker.run(id, `bash: echo ${id} >> order; sleep 0.2`)
  await worker.next('turn_ended', ({ turn_id }) => turn_id === turns[2])

  expect(worker.all('turn_ended').map(({ turn_id }) => turn_id)).toEqual(turns)
  expect(worker.all('turn_ended').every(({ stop_reason }) => stop_reason === 'end_turn')).toBe(true)
})

test('an interrupt ends a running tool and the turn, and the next turn runs', async () => {
  const { worker } = await openedSandbox(start)
  const message = randomUUID()
  worker.run(message, `bash: ${LONG_COMMAND}`)
  await worker.next('sdk_message', ({ message: said }) => isAssistant(said))
  await sleep(300)

  worker.send({ type: 'interrupt', turn_id: message })
  const ended = await worker.next('turn_ended')
  const next = await turn(worker, 'go on')

  expect(ended).toMatchObject({ turn_id: message, stop_reason: 'interrupted' })
  expect(next.stop_reason).toBe('end_turn')
})

test('an interrupt ends a turn that still streams', async () => {
  const { worker } = await openedSandbox(start)
  const message = randomUUID()
  worker.run(message, 'slow: 200')
  await worker.next('delta')

  worker.send({ type: 'interrupt', turn_id: message })

  expect(await worker.next('turn_ended')).toMatchObject({ stop_reason: 'interrupted' })
})

test('an interrupt right behind the message ends the turn, wherever the agent is', async () => {
  const { worker } = await openedSandbox(start)
  const message = randomUUID()
  worker.run(message, 'hello')

  worker.send({ type: 'interrupt', turn_id: message })

  expect(await worker.next('turn_ended')).toMatchObject({ stop_reason: 'interrupted' })
  expect((await turn(worker, 'still there?')).stop_reason).toBe('end_turn')
})

test("tells a model's error, a refusal and the limit of turns apart", async () => {
  const { worker } = await openedSandbox(start, { max_turns: 1 })

  const refused = await turn(worker, 'refuse')
  const limited = await turn(worker, 'bash: true')
  const failed = await turn(worker, 'status: 400')

  expect(failed).toMatchObject({ stop_reason: 'model_error', problem: { type: 'invalid_request' } })
  expect(refused).toMatchObject({ stop_reason: 'refusal' })
  expect(limited).toMatchObject({ stop_reason: 'max_turns' })
})

test('in the default mode a tool that is not allowed is denied with a reason', async () => {
  const { worker } = await openedSandbox(start, { permission_mode: 'default' })

  const ended = await turn(worker, 'bash: touch /workspace/project/made')

  expect(ended.stop_reason).toBe('end_turn')
  expect(JSON.stringify(sdkMessages(worker, 'user'))).toContain('nobody to give one')
})

test('allowed tools may be all of them', async () => {
  const { worker } = await openedSandbox(start, {
    permission_mode: 'default',
    allowed_tools: ['*'],
  })

  await turn(worker, 'bash: touch made && echo was-made')

  expect(JSON.stringify(sdkMessages(worker, 'user'))).toContain('was-made')
})

test('structured output arrives with the result', async () => {
  const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  const { worker } = await openedSandbox(start, { output_format: { type: 'json_schema', schema } })

  const ended = await turn(worker, 'tool: StructuredOutput {"n": 7}')

  expect(ended.stop_reason).toBe('end_turn')
  expect(ended.result).toMatchObject({ structured_output: { n: 7 } })
})

test('a message of several megabytes reaches the model whole', async () => {
  const { worker, model } = await openedSandbox(start)
  const text = 'a line of text that somebody pasted\n'.repeat(100_000)

  const ended = await turn(worker, [{ type: 'text', text }])

  expect(ended.stop_reason).toBe('end_turn')
  expect(JSON.stringify(model.requests[0]?.messages).length).toBeGreaterThan(text.length)
})

test("the client's environment reaches the agent's commands, the platform's names stay", async () => {
  const { worker } = await openedSandbox(start, { env: { GREETING: 'moin', HOME: '/tmp' } })

  expect(await bash(worker, 'echo "$GREETING from $HOME"')).toContain('moin from /home/agent')
})

function isAssistant(message: unknown): boolean {
  return (message as { type: string }).type === 'assistant'
}
