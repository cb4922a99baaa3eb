import { beforeEach, expect, test } from 'vitest'
import type { DurableFrame } from '../../src/bridge-server/frame-log.ts'
import { type Approvals, createApprovals } from '../../src/coordinator/approvals.ts'
import { bounded } from '../../src/coordinator/bounded-input.ts'
import { agentOptions } from '../support/options.ts'

const CALL = 'toolu_1'
const INPUT = { command: 'make' }

let said: DurableFrame[]
let approvals: Approvals

beforeEach(() => {
  said = []
  approvals = createApprovals({ send: (frame) => said.push(frame), turnId: () => 'm1' })
})

function ask(toolUseID = CALL) {
  const context = { toolUseID, title: 'Run it?', signal: new AbortController().signal }
  return approvals.ask('Bash', INPUT, context as never)
}

const answer = (decision: 'allow' | 'deny' | 'withdraw', reason?: string) =>
  approvals.answer({ tool_use_id: CALL, decision, reason: reason ?? null })

test('a person is asked with what the tool is called with', () => {
  void ask()

  expect(said).toEqual([
    {
      type: 'approval_requested',
      turn_id: 'm1',
      tool_use_id: CALL,
      name: 'Bash',
      input: INPUT,
      input_cut: false,
      title: 'Run it?',
    },
  ])
  expect(approvals.isWaiting()).toBe(true)
})

test('an allowed call gets its input unchanged', async () => {
  const decision = ask()
  answer('allow')

  expect(await decision).toEqual({ behavior: 'allow', updatedInput: INPUT })
  expect(approvals.isWaiting()).toBe(false)
})

test.for(['deny', 'withdraw'] as const)('to %s tells the model why', async (decided) => {
  const decision = ask()
  answer(decided, 'Not on a Friday.')

  expect(await decision).toMatchObject({
    behavior: 'deny',
    message: expect.stringMatching(/did not run\. Not on a Friday\.$/),
  })
})

test('only the first answer counts, and one for nobody changes nothing', async () => {
  const decision = ask()
  approvals.answer({ tool_use_id: 'toolu_9', decision: 'allow' })
  answer('deny')
  answer('allow')

  expect(await decision).toMatchObject({ behavior: 'deny' })
})

test('several calls wait at once, each for its own answer', async () => {
  const first = ask()
  const second = ask('toolu_2')
  answer('allow')

  expect(await first).toMatchObject({ behavior: 'allow' })
  expect(approvals.isWaiting()).toBe(true)
  approvals.answer({ tool_use_id: 'toolu_2', decision: 'deny' })
  expect(await second).toMatchObject({ behavior: 'deny' })
})

test('what was decided before this sandbox is not asked again', async () => {
  const asked = { tool_use_id: CALL, over: false, decision: 'allow' } as const
  approvals.open({ options: agentOptions(), asked_calls: [asked] }, [])

  expect(await ask()).toEqual({ behavior: 'allow', updatedInput: INPUT })
  expect(said).toEqual([])
})

test('there is a person where the options say so, or where one was asked before', () => {
  const open = (approvalsOption: string | null, over: boolean) => {
    const options = agentOptions({ approvals: approvalsOption })
    approvals.open({ options, asked_calls: [{ tool_use_id: CALL, over }] }, [])
    return approvals.hasPerson
  }

  expect(open(null, true)).toBe(false)
  expect(open(null, false)).toBe(true)
  expect(open('ask', true)).toBe(true)
})

test('a call to which the agent cannot come back did not run', () => {
  approvals.giveUp([CALL])

  expect(said).toMatchObject([
    { type: 'approval_closed', tool_use_id: CALL, by: 'sandbox_lost' },
    { type: 'tool_ended', tool_use_id: CALL, outcome: 'denied' },
  ])
})

test('a call whose tool is gone when the agent comes back to it did not run', () => {
  approvals.observe({
    type: 'result',
    terminal_reason: 'tool_deferred_unavailable',
    deferred_tool_use: { id: CALL, name: 'mcp__desk__poke', input: {} },
  })

  expect(said).toMatchObject([
    { type: 'approval_closed', turn_id: 'm1', tool_use_id: CALL, by: 'turn_ended' },
    { type: 'tool_ended', turn_id: 'm1', tool_use_id: CALL, outcome: 'denied' },
  ])
})

test('the end of the turn ends the wait, and says so before the call is refused', async () => {
  const decision = ask()
  approvals.cancelAll()

  expect(said.at(-1)).toEqual({
    type: 'approval_closed',
    turn_id: 'm1',
    tool_use_id: CALL,
    by: 'turn_ended',
  })
  expect(await decision).toMatchObject({ behavior: 'deny' })
  approvals.cancelAll()
  expect(said).toHaveLength(2)
})

test('a call that the agent gave up by itself waits no more', () => {
  void ask()
  const content = [{ type: 'tool_result', tool_use_id: CALL, is_error: true }]
  approvals.observe({ type: 'user', message: { content } })

  expect(said.at(-1)).toMatchObject({ type: 'approval_closed', by: 'turn_ended' })
})

test('an input is shown whole as long as it is short', () => {
  expect(bounded({ a: ['b', 1, null] })).toEqual({ value: { a: ['b', 1, null] }, cut: false })
})

test('a long text in it ends early, and so does a large input', () => {
  expect(bounded({ a: 'x'.repeat(5_000) })).toEqual({
    value: { a: `${'x'.repeat(4_000)}… (5000 characters)` },
    cut: true,
  })
  const { cut, value } = bounded(Array.from({ length: 50 }, () => 'y'.repeat(3_000)))
  expect(cut).toBe(true)
  expect(value).toMatch(/^\["yyy.*… \(\d+ characters\)$/)
})
