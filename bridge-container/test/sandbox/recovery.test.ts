import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  LONG_COMMAND,
  openedSandbox,
  sdkMessages,
  sleep,
  turn,
  useSandboxes,
} from '../support/dialogue.ts'
import type { FakeWorker } from '../support/fake-worker.ts'
import { agentOptions } from '../support/options.ts'
import type { Sandbox } from '../support/sandbox.ts'

const start = useSandboxes()

/** Kills the sandbox and starts the session's next one from what was mirrored, and nothing else. */
async function restart(killed: Sandbox, reason?: string): Promise<Sandbox> {
  await killed.kill()
  const next = await start({
    sessionId: killed.sessionId,
    epoch: 2,
    stored: killed.worker.committed.transcript,
    workspace: killed.workspace,
  })
  next.worker.open(agentOptions(), reason === undefined ? {} : { reason })
  return next
}

function toolCalled(worker: FakeWorker) {
  return worker.next('sdk_message', ({ message }) => JSON.stringify(message).includes('"tool_use"'))
}

/** The transcript has the call: the next sandbox knows of it. */
function callStored(worker: FakeWorker) {
  return worker.next('transcript_part', ({ entries }) =>
    JSON.stringify(entries).includes('"tool_use"'),
  )
}

/** The call has done what must not be done twice. */
function hasEffect({ worker, workspace }: Sandbox) {
  const effects = join(workspace, 'project', 'effects')
  return worker.until(() => existsSync(effects) && statSync(effects).size > 0, 'effect')
}

test('a session that was finished goes on with its whole context', async () => {
  const first = await openedSandbox(start)
  await turn(first.worker, 'bash: echo the-magic-word > note; cat note')

  const second = await restart(first)
  const ended = await turn(second.worker, 'what was the word?')

  expect(ended.stop_reason).toBe('end_turn')
  expect(ended.result).toMatchObject({ session_id: first.sessionId })
  expect(second.model.requests).toHaveLength(1)
  expect(second.model.transcript()).toContain('the-magic-word')
})

test('a turn that was killed in a tool goes on, and the model hears that its outcome is unknown', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, `bash: echo once >> effects; ${LONG_COMMAND}`)
  await hasEffect(first)
  await callStored(first.worker)

  const second = await restart(first, 'killed')
  const ended = await turn(second.worker, 'bash: never run again', message)

  expect(ended).toMatchObject({ message_id: message, stop_reason: 'end_turn' })
  expect(ended.result).toMatchObject({ resume_reason: 'killed' })
  expect(second.model.transcript()).toContain('outcome is unknown')
  expect(await effects(second)).toBe(1)
})

test('a call that the transcript has lost is named to the model that takes its turn up', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, 'slow: 50')
  await first.worker.next('delta')
  // What the transcript does not have, no sandbox can go on with.
  await first.worker.next('transcript_part', ({ entries }) =>
    JSON.stringify(entries).includes(message),
  )
  await first.kill()

  const second = await start({
    sessionId: first.sessionId,
    epoch: 2,
    stored: first.worker.committed.transcript,
    workspace: first.workspace,
  })
  const unknownCalls = [{ tool_use_id: 'toolu_lost', name: 'Bash' }]
  second.worker.open(agentOptions(), { reason: 'killed', unknownCalls })
  await turn(second.worker, 'slow: 50', message)

  expect(second.model.transcript()).toContain('Bash (toolu_lost)')
})

test('a turn that was killed while it streamed is asked again, once', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, 'slow: 50')
  await first.worker.next('delta')
  await sleep(700)

  const second = await restart(first, 'killed')
  const ended = await turn(second.worker, 'slow: 50', message)

  expect(ended).toMatchObject({ stop_reason: 'end_turn' })
  expect(second.model.requests).toHaveLength(1)
  expect(second.worker.all('turn_ended')).toHaveLength(1)
})

test('a turn whose answer was already stored ends without asking the model', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  await turn(first.worker, 'bash: echo done', message)

  const second = await restart(first, 'killed')
  const ended = await turn(second.worker, 'bash: echo done', message)

  expect(ended).toMatchObject({ message_id: message, stop_reason: 'end_turn' })
  expect(ended.synthesised).toBe(true)
  expect(ended.result).toMatchObject({ type: 'result', result: expect.stringContaining('done') })
  expect(second.model.requests).toEqual([])
  expect(silenceBeforeTheEnd(second.worker)).toBeLessThan(2_500)
})

test('W: an agent that is killed between its answer and its result is not asked again', async () => {
  const first = await start()
  // A hook of the project's own keeps the agent where nobody can meet it otherwise.
  const hook = { type: 'command', command: 'touch answered; tail -f /dev/null' }
  const settings = join(first.workspace, 'project', '.claude')
  mkdirSync(settings)
  writeFileSync(
    join(settings, 'settings.json'),
    JSON.stringify({ hooks: { Stop: [{ hooks: [hook] }] } }),
  )
  first.worker.open(agentOptions({ setting_sources: ['project'] }))
  const message = randomUUID()
  first.worker.run(message, 'the last word')
  await first.worker.until(() => existsSync(join(first.workspace, 'project', 'answered')), 'answer')
  await first.worker.next('transcript_part', ({ entries }) =>
    JSON.stringify(entries).includes('"assistant"'),
  )
  expect(first.worker.all('turn_ended')).toEqual([])

  const second = await restart(first, 'killed')
  const ended = await turn(second.worker, 'the last word', message)

  expect(ended).toMatchObject({ stop_reason: 'end_turn', synthesised: true })
  expect(ended.result).toMatchObject({ result: expect.stringContaining('the last word') })
  expect(second.model.requests).toEqual([])
})

test('a turn that somebody interrupted stays interrupted', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, `bash: ${LONG_COMMAND}`)
  await toolCalled(first.worker)
  await sleep(300)
  first.worker.send({ type: 'interrupt', turn_id: message })
  await first.worker.next('turn_ended')
  await sleep(300)

  const second = await restart(first, 'killed')
  const ended = await turn(second.worker, `bash: ${LONG_COMMAND}`, message)

  expect(ended).toMatchObject({ stop_reason: 'interrupted' })
  expect(second.model.requests).toEqual([])
})

test('without a reason the cut turn stays cut, and a new message is answered', async () => {
  const first = await openedSandbox(start)
  first.worker.run(randomUUID(), `bash: ${LONG_COMMAND}`)
  await callStored(first.worker)

  const second = await restart(first)
  const ended = await turn(second.worker, 'something new')

  expect(ended.stop_reason).toBe('end_turn')
  expect(second.model.requests).toHaveLength(1)
  expect(second.model.transcript()).toContain('outcome is unknown')
})

test('the turn that continued by itself ends when its message comes late', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, `bash: ${LONG_COMMAND}`)
  await callStored(first.worker)

  const second = await restart(first, 'killed')
  await second.worker.next('sdk_message', ({ message: said }) => isResult(said))
  const ended = await turn(second.worker, 'too late', message)

  expect(ended).toMatchObject({ message_id: message, stop_reason: 'end_turn' })
  expect(ended.result).toMatchObject({ type: 'result' })
  expect(second.model.requests).toHaveLength(1)
})

test('a second loss is recovered like the first', async () => {
  const first = await openedSandbox(start)
  const message = randomUUID()
  first.worker.run(message, `bash: echo once >> effects; ${LONG_COMMAND}`)
  await hasEffect(first)
  await callStored(first.worker)
  const second = await restart(first, 'killed')
  await second.worker.next('hello')

  await second.kill()
  const transcript = new Map(first.worker.committed.transcript)
  for (const [key, entries] of second.worker.committed.transcript) {
    transcript.set(key, [...(transcript.get(key) ?? []), ...entries])
  }
  const third = await start({
    sessionId: first.sessionId,
    epoch: 3,
    stored: transcript,
    workspace: first.workspace,
  })
  third.worker.open(agentOptions(), { reason: 'killed' })
  const ended = await turn(third.worker, 'again', message)

  expect(ended).toMatchObject({ stop_reason: 'end_turn' })
  expect(await effects(third)).toBe(1)
})

test("a subagent's transcript is mirrored and restored", async () => {
  const first = await openedSandbox(start, {
    agents: { helper: { description: 'Helps', prompt: 'You help.' } },
  })
  const call = { description: 'd', prompt: 'say something', subagent_type: 'helper' }
  await turn(first.worker, `tool: Task ${JSON.stringify(call)}`)
  const subpaths = [...first.worker.committed.transcript.keys()].filter((key) => key !== '')
  expect(subpaths).toHaveLength(1)

  const second = await restart(first)
  const files = await turn(second.worker, 'bash: find /home/agent/.claude/projects -type f')

  expect(files.stop_reason).toBe('end_turn')
  const listed = JSON.stringify(sdkMessages(second.worker, 'user'))
  expect(listed).toContain(`${first.sessionId}.jsonl`)
  expect(listed).toContain(`${first.sessionId}/${subpaths[0]}.jsonl`)
})

test('a session can go on from an earlier message', async () => {
  const first = await openedSandbox(start)
  await turn(first.worker, 'the first word')
  const answer = sdkMessages(first.worker, 'assistant').at(-1)
  await turn(first.worker, 'the second word')
  await first.kill()

  const second = await start({
    sessionId: first.sessionId,
    epoch: 2,
    stored: first.worker.committed.transcript,
  })
  second.worker.open(agentOptions({ resume_session_at: String(answer?.uuid) }), {})
  await turn(second.worker, 'go on')

  expect(second.model.transcript()).toContain('the first word')
  expect(second.model.transcript()).not.toContain('the second word')
})

test('a worker that restarts while the transcript loads is asked again', async () => {
  const first = await openedSandbox(start)
  await turn(first.worker, 'bash: echo the-magic-word')
  await first.kill()
  const second = await start({ sessionId: first.sessionId, epoch: 2 })
  const stored = first.worker.committed.transcript
  second.worker.close()
  const silent = await second.listen({ stored: new Map() })
  await silent.next('attached')
  silent.close()

  const worker = await second.listen({ stored })
  await worker.next('attached')
  worker.open(agentOptions(), {})
  const ended = await turn(worker, 'what was the word?')

  expect(ended.stop_reason).toBe('end_turn')
  expect(second.model.transcript()).toContain('the-magic-word')
})

test('a transcript that is gone is a failure of its own kind', async () => {
  const sandbox = await start()
  sandbox.worker.open(agentOptions(), {})
  const message = randomUUID()
  sandbox.worker.run(message, 'hello')

  const exited = await sandbox.worker.next('agent_exited')

  expect(exited.detail).toContain('transcript')
  const problem = { type: 'transcript_missing' }
  expect(sandbox.worker.all('turn_ended')).toMatchObject([{ turn_id: message, problem }])
})

async function effects(sandbox: Sandbox): Promise<number> {
  const before = sandbox.worker.all('sdk_message').length
  await turn(sandbox.worker, 'bash: wc -l < effects')
  const said = JSON.stringify(sandbox.worker.all('sdk_message').slice(before))
  return Number(/"content":"(\d+)"/.exec(said)?.[1])
}

/** How long the agent said nothing until its turn was ended for it. */
function silenceBeforeTheEnd({ received }: FakeWorker): number {
  const end = received.findIndex(({ frame }) => frame.type === 'turn_ended')
  const last = received.slice(0, end).findLast(({ frame }) => frame.type === 'sdk_message')
  return Number(received[end]?.at) - Number(last?.at)
}

function isResult(message: unknown): boolean {
  return (message as { type: string }).type === 'result'
}
