import { beforeEach, describe, expect, test } from 'vitest'
import type { OpenCall } from '../../src/coordinator/tool-journal.ts'
import { LOOK_MS, type Stuck, TOOL_GRACE_MS, Watchdogs } from '../../src/coordinator/watchdogs.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'

const LIMITS = { start_ms: 60_000, hang_ms: 30_000, stream_idle_ms: 300_000, tool_ms: 3_600_000 }
const BASH: OpenCall = { toolUseId: 'toolu_1', name: 'Bash', runs: true }

let clock: ManualClock
let blind: boolean
let calls: OpenCall[]
let stuck: Stuck[]
let watchdogs: Watchdogs

beforeEach(() => {
  clock = manualClock()
  blind = false
  calls = []
  stuck = []
  watchdogs = new Watchdogs({
    clock,
    limits: LIMITS,
    blind: () => blind,
    openCalls: () => calls,
    limitedTools: new Set(['mcp__client__ask']),
    onStuck: (found) => stuck.push(found),
  })
  watchdogs.begin()
})

const reasons = () => stuck.map(({ reason }) => reason)
const lifecycle = (uuid: string, state: string) =>
  watchdogs.observe({ type: 'command_lifecycle', command_uuid: uuid, state })

/** A turn whose message the agent has. */
function turn(messageId = 'm1'): void {
  watchdogs.ready()
  watchdogs.turnBegan(messageId, false)
  lifecycle(messageId, 'queued')
  lifecycle(messageId, 'started')
}

describe('a start that never ends', () => {
  test('is found at its limit, once', async () => {
    await clock.advance(LIMITS.start_ms - LOOK_MS)
    expect(stuck).toEqual([])

    await clock.advance(LIMITS.start_ms)
    expect(stuck).toEqual([
      {
        reason: 'start_timed_out',
        detail: 'The agent did not say within 60 s that it is ready.',
      },
    ])
  })

  test.for([
    ['that is ready', () => watchdogs.ready()],
    ['that says something', () => watchdogs.observe({ type: 'system' })],
  ] as const)('an agent %s has started', async ([, says]) => {
    await clock.advance(LIMITS.start_ms / 2)
    says()
    await clock.advance(LIMITS.start_ms * 10)
    expect(stuck).toEqual([])
  })
})

describe('A13: a hang after the result', () => {
  test('an agent that is not done with its message is found', async () => {
    turn()
    watchdogs.turnEnded('m1')
    await clock.advance(LIMITS.hang_ms - LOOK_MS)
    expect(stuck).toEqual([])

    await clock.advance(LOOK_MS)
    expect(stuck).toEqual([
      {
        reason: 'agent_hung',
        detail: 'The agent did not come to rest within 30 s after its result.',
      },
    ])
  })

  test.for(['completed', 'cancelled', 'discarded'])('%s is a rest', async (state) => {
    turn()
    watchdogs.turnEnded('m1')
    lifecycle('m1', state)
    await clock.advance(LIMITS.hang_ms * 100)
    expect(stuck).toEqual([])
  })

  test('an agent that still says something is not at its end', async () => {
    turn()
    watchdogs.turnEnded('m1')
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(LIMITS.hang_ms - LOOK_MS)
      watchdogs.observe({ type: 'system', subtype: 'hook_progress' })
    }
    expect(stuck).toEqual([])
  })

  test('an agent that does not take the next message is found', async () => {
    turn()
    watchdogs.turnEnded('m1')
    lifecycle('m1', 'completed')
    await clock.advance(LIMITS.hang_ms)
    watchdogs.turnBegan('m2', false)
    await clock.advance(LIMITS.hang_ms)
    expect(stuck).toEqual([
      { reason: 'agent_hung', detail: 'The agent did not take the message within 30 s.' },
    ])
  })

  test('a message that waits in the agent is taken', async () => {
    watchdogs.ready()
    watchdogs.turnBegan('m1', false)
    lifecycle('m1', 'queued')
    await clock.advance(LIMITS.hang_ms * 2)
    expect(stuck).toEqual([])
  })

  test('a message cannot be taken before the agent is ready', async () => {
    watchdogs.turnBegan('m1', false)
    await clock.advance(LIMITS.start_ms - LOOK_MS)
    watchdogs.ready()
    await clock.advance(LIMITS.hang_ms - LOOK_MS)
    expect(stuck).toEqual([])
  })
})

describe('a turn that the agent takes up by itself', () => {
  test('the agent need not say that it has the message while it works', async () => {
    watchdogs.ready()
    lifecycle('own', 'started')
    watchdogs.turnBegan('m1', true)
    await clock.advance(LIMITS.stream_idle_ms - LOOK_MS)
    expect(stuck).toEqual([])

    await clock.advance(LOOK_MS)
    expect(reasons()).toEqual(['stream_wedged'])
  })

  test.for([
    ['has not begun it', () => {}],
    [
      'is done with it',
      () => {
        lifecycle('own', 'started')
        lifecycle('own', 'completed')
      },
    ],
  ] as const)('an agent that %s and says nothing is found', async ([, says]) => {
    watchdogs.ready()
    watchdogs.turnBegan('m1', true)
    says()
    await clock.advance(LIMITS.start_ms - LOOK_MS)
    expect(stuck).toEqual([])

    await clock.advance(LOOK_MS)
    expect(reasons()).toEqual(['agent_hung'])
  })

  test('a message of another turn has to be taken, whatever the agent is at', async () => {
    turn()
    watchdogs.turnEnded('m1')
    watchdogs.turnBegan('m2', false)
    await clock.advance(LIMITS.hang_ms)

    expect(reasons()).toEqual(['agent_hung'])
  })
})

describe('A14: a wedged stream', () => {
  test('an agent without a word is found', async () => {
    turn()
    await clock.advance(LIMITS.stream_idle_ms)
    expect(stuck).toEqual([
      {
        reason: 'stream_wedged',
        detail: 'The agent said nothing for 300 s while it waited for the model.',
      },
    ])
  })

  test('every word counts, deltas too', async () => {
    turn()
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(LIMITS.stream_idle_ms - LOOK_MS)
      watchdogs.observe({ type: 'stream_event', event: { type: 'content_block_delta' } })
    }
    expect(stuck).toEqual([])
  })

  test.for([
    ['a long tool', BASH],
    ['a call that waits for leave', { ...BASH, runs: false }],
    ["a client's tool", { ...BASH, name: 'mcp__client__ask' }],
    ['a subagent', { ...BASH, name: 'Agent' }],
  ] as const)('%s is not a wedged stream', async ([, call]) => {
    turn()
    calls = [call]
    await clock.advance(LIMITS.stream_idle_ms * 3)
    expect(stuck).toEqual([])

    calls = []
    await clock.advance(LIMITS.stream_idle_ms - LOOK_MS)
    expect(stuck).toEqual([])
    await clock.advance(LOOK_MS)
    expect(reasons()).toEqual(['stream_wedged'])
  })

  test('a busy model is waited for as long as the agent says', async () => {
    turn()
    watchdogs.observe({ type: 'system', subtype: 'api_retry', retry_delay_ms: 600_000 })
    await clock.advance(600_000 + LIMITS.stream_idle_ms - LOOK_MS)
    expect(stuck).toEqual([])
    await clock.advance(LOOK_MS)
    expect(reasons()).toEqual(['stream_wedged'])
  })

  test('an idle agent may be silent', async () => {
    turn()
    watchdogs.turnEnded('m1')
    lifecycle('m1', 'completed')
    await clock.advance(LIMITS.stream_idle_ms * 100)
    expect(stuck).toEqual([])
  })
})

describe('a tool over its time limit', () => {
  test('is found a moment after the Agent SDK should have ended it', async () => {
    turn()
    calls = [BASH]
    await clock.advance(LIMITS.tool_ms)
    expect(watchdogs.overdue('toolu_1')).toBe(true)
    expect(stuck).toEqual([])

    await clock.advance(TOOL_GRACE_MS + LOOK_MS)
    expect(stuck).toEqual([
      {
        reason: 'tool_timed_out',
        detail: 'The tool call toolu_1 ran for more than 3600 s.',
      },
    ])
  })

  test('one that ended in time is not overdue, and the next has its own time', async () => {
    turn()
    calls = [BASH]
    await clock.advance(LIMITS.tool_ms / 2)
    expect(watchdogs.overdue('toolu_1')).toBe(false)
    calls = [{ ...BASH, toolUseId: 'toolu_2' }]
    await clock.advance(LIMITS.tool_ms - 3 * LOOK_MS)
    expect(watchdogs.overdue('toolu_2')).toBe(false)
    expect(stuck).toEqual([])
  })

  test.for([
    ['waits for leave', { ...BASH, runs: false }],
    ['a client answers', { ...BASH, name: 'mcp__client__ask' }],
  ] as const)('one that %s has no limit here', async ([, call]) => {
    turn()
    calls = [call]
    await clock.advance(LIMITS.tool_ms * 3)
    expect(stuck).toEqual([])
  })

  test.for(['parent_tool_use_id', 'tool_use_id'])(
    'a subagent that says something by %s works',
    async (field) => {
      turn()
      calls = [{ ...BASH, name: 'Agent' }]
      for (let i = 0; i < 3; i += 1) {
        await clock.advance(LIMITS.tool_ms - LOOK_MS)
        watchdogs.observe({ type: 'assistant', [field]: 'toolu_1' })
      }
      expect(stuck).toEqual([])
    },
  )
})

describe('time that does not count', () => {
  test('the bridge does not read the agent', async () => {
    turn()
    blind = true
    await clock.advance(LIMITS.stream_idle_ms * 2)
    blind = false
    await clock.advance(LIMITS.stream_idle_ms - LOOK_MS)
    expect(stuck).toEqual([])
  })

  test('the sandbox was stopped', async () => {
    let now = 0
    let look = () => {}
    watchdogs = new Watchdogs({
      clock: {
        now: () => now,
        after: () => ({ cancel() {} }),
        every: (_ms, run) => {
          look = run
          return { cancel() {} }
        },
      },
      limits: LIMITS,
      blind: () => false,
      openCalls: () => [],
      limitedTools: new Set(),
      onStuck: (found) => stuck.push(found),
    })
    watchdogs.begin()
    turn()

    now += 3_600_000
    look()

    expect(stuck).toEqual([])
  })
})
