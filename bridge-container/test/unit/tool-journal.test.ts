import type { CanUseTool, HookCallback, HookInput } from '@anthropic-ai/claude-agent-sdk'
import { beforeEach, expect, test } from 'vitest'
import type { DurableFrame } from '../../src/bridge-server/frame-log.ts'
import { OperationIds } from '../../src/coordinator/operation-ids.ts'
import { createToolJournal, type ToolJournal } from '../../src/coordinator/tool-journal.ts'

const TURN = 'b1e7c9a2-3f4d-4a5b-8c6d-7e8f9a0b1c2d'
const CALL = 'toolu_1'

let said: DurableFrame[]
let journal: ToolJournal
let interruption: AbortController
let operations: OperationIds

beforeEach(() => {
  said = []
  interruption = new AbortController()
  operations = new OperationIds()
  journal = createToolJournal({
    send: (frame) => said.push(frame),
    turnId: () => TURN,
    operations,
  })
})

function hook(
  event: 'PreToolUse' | 'PostToolUse' | 'PostToolUseFailure',
  toolUseId = CALL,
  tool = 'Bash',
) {
  const callback = journal.hooks[event]?.[0]?.hooks[0] as HookCallback
  const input = {
    hook_event_name: event,
    tool_name: tool,
    tool_input: { command: 'ls' },
    tool_use_id: toolUseId,
    permission_mode: 'default',
  } as unknown as HookInput
  return callback(input, toolUseId, { signal: interruption.signal })
}

const steps = () => said.map(({ type }) => type)

test('a call runs when its start is recorded, and not before', async () => {
  let passed = false
  const gate = hook('PreToolUse').then((decision) => {
    passed = true
    return decision
  })
  await Promise.resolve()
  expect(steps()).toEqual(['tool_proposed', 'tool_started'])
  expect(passed).toBe(false)

  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })

  expect(await gate).toEqual({})
  await hook('PostToolUse')
  expect(said.at(-1)).toEqual({
    type: 'tool_ended',
    turn_id: TURN,
    tool_use_id: CALL,
    outcome: 'completed',
  })
})

test.each([
  ['all', 'Read', false],
  ['all', 'Bash', false],
  ['side_effecting', 'Read', true],
  ['side_effecting', 'Bash', false],
  ['side_effecting', 'mcp__shop__look', false],
  ['none', 'Read', true],
  ['none', 'Bash', true],
] as const)(
  'when %s wait for their start, a call of %s goes on at once: %s',
  async (wait, tool, goesOn) => {
    journal.open({ start_wait: wait })
    let passed = false
    void hook('PreToolUse', CALL, tool).then(() => {
      passed = true
    })
    await new Promise(setImmediate)

    expect(steps()).toEqual(['tool_proposed', 'tool_started'])
    expect(passed).toBe(goesOn)
  },
)

test('a call that an earlier sandbox may have run is refused, also when nothing waits', async () => {
  journal.open({ start_wait: 'none', started_calls: [CALL] })

  expect(await hook('PreToolUse')).toMatchObject({
    hookSpecificOutput: { permissionDecision: 'deny' },
  })
  expect(said).toEqual([])
})

test('the input is named by its hash alone', async () => {
  void hook('PreToolUse')

  expect(said[0]).toMatchObject({ type: 'tool_proposed', name: 'Bash', turn_id: TURN })
  expect(said[0]).toHaveProperty('input_hash', expect.stringMatching(/^[0-9a-f]{64}$/))
  expect(JSON.stringify(said)).not.toContain('ls')
})

const SHELL = "x && eval 'ls' && pwd -P >| y"

test('the shell of a call learns its id while the call runs', async () => {
  void hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })

  expect(operations.of(SHELL)).toBe(CALL)
})

test('the shell of a call that did not run learns nothing', async () => {
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: false })
  await gate

  expect(operations.of(SHELL)).toBeUndefined()
})

test('a call that an earlier sandbox had started is refused', async () => {
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: false })

  expect(await gate).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } })
  expect(steps()).not.toContain('tool_ended')
})

test('a call that was started here is refused the second time, ended or not', async () => {
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  await gate
  await hook('PostToolUse')

  expect(await hook('PreToolUse')).toMatchObject({
    hookSpecificOutput: { permissionDecision: 'deny' },
  })
})

function refusedBy(decision: string) {
  const content = [
    { type: 'tool_result', tool_use_id: CALL, is_error: true, content: 'not here\n' },
  ]
  return {
    type: 'user',
    message: { role: 'user', content },
    tool_result_meta: [{ id: CALL, permission_decision: { decision, source: 'hook' } }],
  }
}

test('a call that a hook of the project refuses did not run, though its start is recorded', async () => {
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  await gate
  journal.observe(refusedBy('reject'))

  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome: 'denied', reason: 'not here' })
  expect(operations.of(SHELL)).toBeUndefined()
})

test('a call that was allowed and fails is one that ran', async () => {
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  await gate
  journal.observe(refusedBy('accept'))

  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome: 'failed' })
})

test('an interrupt while the start waits ends the call as one that did not run', async () => {
  const gate = hook('PreToolUse')
  interruption.abort()

  expect(await gate).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } })
  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome: 'denied' })
})

test('a call whose turn was interrupted before is not started', async () => {
  interruption.abort()

  expect(await hook('PreToolUse')).toMatchObject({
    hookSpecificOutput: { permissionDecision: 'deny' },
  })
  expect(steps()).not.toContain('tool_started')
  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome: 'denied' })
})

test('what the permissions refuse did not run', async () => {
  void hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  const refuse: CanUseTool = async () => ({ behavior: 'deny', message: 'no' })

  await journal.guarded(refuse)('Bash', {}, { toolUseID: CALL } as never)

  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome: 'denied', reason: 'no' })
})

test('what a person denies did not run, also when no hook was asked before', async () => {
  const refuse: CanUseTool = async () => ({ behavior: 'deny', message: 'no' })

  await journal.guarded(refuse)('Bash', {}, { toolUseID: CALL } as never)

  expect(said).toMatchObject([{ type: 'tool_ended', outcome: 'denied', reason: 'no' }])
})

test('a result in the stream ends a call that no hook ended, once', async () => {
  void hook('PreToolUse')
  const result = (is_error: boolean) => ({
    type: 'user',
    message: { content: [{ type: 'tool_result', tool_use_id: CALL, is_error }] },
  })

  journal.observe(result(true))
  journal.observe(result(false))

  expect(said.filter(({ type }) => type === 'tool_ended')).toEqual([
    { type: 'tool_ended', turn_id: TURN, tool_use_id: CALL, outcome: 'failed' },
  ])
})

test('a hook that fails blocks the call', () => {
  expect(journal.hooks.PreToolUse?.[0]?.onFailure).toBe('block')
})

test('a call that needs an approval starts when it is allowed, and the agent is made to ask', async () => {
  journal = createToolJournal({
    send: (frame) => said.push(frame),
    turnId: () => TURN,
    operations,
    needsApproval: ({ mode, tool }) => mode === 'default' && tool === 'Bash',
  })

  expect(await hook('PreToolUse')).toMatchObject({
    hookSpecificOutput: { permissionDecision: 'ask' },
  })
  expect(steps()).toEqual(['tool_proposed'])

  const allow: CanUseTool = async (_name, updatedInput) => ({ behavior: 'allow', updatedInput })
  const context = { toolUseID: CALL, signal: interruption.signal } as never
  const decided = journal.guarded(allow)('Bash', {}, context)
  await Promise.resolve()
  await Promise.resolve()
  expect(steps()).toEqual(['tool_proposed', 'tool_started'])
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  expect(await decided).toMatchObject({ behavior: 'allow' })
})

test('P6: an approved call that an earlier sandbox had started does not run', async () => {
  journal = createToolJournal({
    send: (frame) => said.push(frame),
    turnId: () => TURN,
    operations,
    needsApproval: () => true,
  })
  await hook('PreToolUse')
  const allow: CanUseTool = async (_name, updatedInput) => ({ behavior: 'allow', updatedInput })
  const context = { toolUseID: CALL, signal: interruption.signal } as never

  const decided = journal.guarded(allow)('Bash', {}, context)
  await Promise.resolve()
  await Promise.resolve()
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: false })

  expect(await decided).toMatchObject({ behavior: 'deny' })
})

test('P5: what earlier sandboxes may have run is refused before anybody is asked', async () => {
  journal = createToolJournal({
    send: (frame) => said.push(frame),
    turnId: () => TURN,
    operations,
    needsApproval: () => true,
  })
  journal.open({ started_calls: [CALL] })

  expect(await hook('PreToolUse')).toMatchObject({
    hookSpecificOutput: { permissionDecision: 'deny' },
  })
  expect(said).toEqual([])
})

test('a call that started before it was asked for does not start again', async () => {
  void hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  const allow: CanUseTool = async (_name, updatedInput) => ({ behavior: 'allow', updatedInput })

  await journal.guarded(allow)('Bash', {}, { toolUseID: CALL } as never)

  expect(steps()).toEqual(['tool_proposed', 'tool_started'])
})

test('a call is open from its proposal to its end, and runs when its start is recorded', async () => {
  const gate = hook('PreToolUse')
  expect([...journal.openCalls()]).toEqual([{ toolUseId: CALL, name: 'Bash', runs: false }])
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  await gate
  expect([...journal.openCalls()]).toEqual([{ toolUseId: CALL, name: 'Bash', runs: true }])

  await hook('PostToolUse')
  expect([...journal.openCalls()]).toEqual([])
})

test.for([
  ['PostToolUseFailure', 'timed_out'],
  ['PostToolUse', 'completed'],
] as const)('the end by %s of a call that ran too long is %s', async ([event, outcome]) => {
  journal = createToolJournal({
    send: (frame) => said.push(frame),
    turnId: () => TURN,
    overdue: (toolUseId) => toolUseId === CALL,
    operations,
  })
  const gate = hook('PreToolUse')
  journal.recorded({ type: 'tool_recorded', tool_use_id: CALL, first: true })
  await gate
  await hook(event)

  expect(said.at(-1)).toMatchObject({ type: 'tool_ended', outcome })
})
