import { beforeEach, expect, test } from 'vitest'
import type { StoredOutcome } from '../../src/coordinator/transcript-outcomes.ts'
import type { TurnEnd } from '../../src/coordinator/turn-end.ts'
import {
  INTERRUPT_MS,
  KNOWN_SETTLE_MS,
  SETTLE_MS,
  type Turn,
  Turns,
} from '../../src/coordinator/turns.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'

const BEGIN_MS = 120_000

let clock: ManualClock
let turns: Turns
let started: string[]
let ended: Array<[turn: string, stopReason: string]>
let ends: Array<[end: TurnEnd, result: unknown]>
let stored: Map<string, StoredOutcome>
let stuck: number
let interrupts: number

beforeEach(() => {
  clock = manualClock()
  started = []
  ended = []
  ends = []
  stored = new Map()
  stuck = 0
  interrupts = 0
  turns = new Turns({
    clock,
    start: ({ turnId }) => started.push(turnId),
    ended: ({ turnId }, end, result) => {
      ended.push([turnId, end.stopReason])
      ends.push([end, result])
    },
    stuck: () => {
      stuck += 1
    },
    interruptAgent: () => {
      interrupts += 1
    },
    stored: (messageId) => stored.get(messageId),
    diskFull: () => false,
    sessionId: () => 's',
  })
})

const turn = (id: string, messageId = id): Turn => ({ turnId: id, messageId, content: 'hello' })
const lifecycle = (uuid: string, state: string) =>
  turns.observe({ type: 'command_lifecycle', command_uuid: uuid, state })
const result = (fields: object = {}) =>
  turns.observe({ type: 'result', subtype: 'success', is_error: false, ...fields })
const answer = (...messages: string[]) => result({ user_message_uuids: messages })
const activity = () => turns.observe({ type: 'assistant' })

test('a turn waits for the agent, runs, and ends with its result', () => {
  turns.handOver(turn('a'))
  expect(started).toEqual([])

  turns.begin()
  lifecycle('a', 'queued')
  lifecycle('a', 'started')
  answer('a')
  lifecycle('a', 'completed')

  expect(started).toEqual(['a'])
  expect(ended).toEqual([['a', 'end_turn']])
})

test('turns run one at a time, in order, and a repeated one changes nothing', () => {
  turns.begin()
  for (const id of ['a', 'b', 'a', 'b', 'c']) turns.handOver(turn(id))
  expect(started).toEqual(['a'])

  answer('a')
  turns.handOver(turn('a'))
  answer('b')
  answer('c')

  expect(started).toEqual(['a', 'b', 'c'])
  expect(ended.map(([id]) => id)).toEqual(['a', 'b', 'c'])
})

test('W: an answer that the transcript has becomes the result, and says that it was put together', async () => {
  stored.set('a', { ended: 'end_turn', answer: 'All of it.' })
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')
  await clock.advance(KNOWN_SETTLE_MS)

  expect(ends).toEqual([
    [
      { stopReason: 'end_turn', synthesised: true },
      {
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: 'All of it.',
        stop_reason: 'end_turn',
        session_id: 's',
        user_message_uuids: ['a'],
      },
    ],
  ])
})

test('W: of an end without an answer there is no result', async () => {
  stored.set('a', { ended: 'interrupted' })
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')
  await clock.advance(KNOWN_SETTLE_MS)

  expect(ends).toEqual([[{ stopReason: 'interrupted', synthesised: true }, undefined]])
})

test('a message that was taken before gets its end from the stored transcript', async () => {
  stored.set('a', { ended: 'end_turn' })
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')

  await clock.advance(KNOWN_SETTLE_MS - 1)
  expect(ended).toEqual([])
  await clock.advance(1)

  expect(ended).toEqual([['a', 'end_turn']])
})

test('where the transcript shows no end, the silence has to be longer and ends in an error', async () => {
  stored.set('a', { ended: undefined })
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')

  await clock.advance(SETTLE_MS - 1)
  expect(ended).toEqual([])
  await clock.advance(1)

  expect(ended).toEqual([['a', 'agent_error']])
})

test('while the agent works on a turn it took up by itself, nobody ends it', async () => {
  turns.begin()
  lifecycle('own', 'started')
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')

  await clock.advance(SETTLE_MS * 10)
  expect(ended).toEqual([])
  answer('a')
  lifecycle('own', 'completed')

  expect(ended).toEqual([['a', 'end_turn']])
})

test('every word of the agent makes the silence begin anew', async () => {
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')

  for (let i = 0; i < 5; i += 1) {
    await clock.advance(SETTLE_MS - 100)
    activity()
  }
  expect(ended).toEqual([])
  await clock.advance(SETTLE_MS)

  expect(ended).toHaveLength(1)
})

/** A turn that the agent takes up, whose message it has closed and which it has not begun. */
function takenUpLate(): void {
  stored.set('a', { ended: undefined })
  turns.resumesATurn('a', BEGIN_MS)
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'completed')
}

test('a turn that the agent takes up is waited for while the agent comes up', async () => {
  takenUpLate()
  await clock.advance(BEGIN_MS - 1)
  expect(ended).toEqual([])

  lifecycle('own', 'started')
  await clock.advance(BEGIN_MS)
  answer('a')

  expect(ended).toEqual([['a', 'end_turn']])
})

test('a turn that the agent was to take up, and does not, ends', async () => {
  takenUpLate()
  await clock.advance(BEGIN_MS)

  expect(ended).toEqual([['a', 'agent_error']])
})

test.for(['before', 'after'])(
  'an agent that has begun by itself %s the turn was handed over, and is done, is not waited for',
  async (when) => {
    const began = () => {
      lifecycle('own', 'started')
      lifecycle('own', 'completed')
    }
    if (when === 'before') began()
    takenUpLate()
    if (when === 'after') began()
    await clock.advance(SETTLE_MS)

    expect(ended).toEqual([['a', 'agent_error']])
  },
)

test('a turn that is interrupted before the agent takes it up is interrupted when it does', async () => {
  takenUpLate()
  turns.interrupt('a')
  await clock.advance(SETTLE_MS * 2)
  expect(ended).toEqual([])

  lifecycle('own', 'started')
  expect(interrupts).toBe(1)
})

test('what the agent does before its turn is handed over belongs to that turn', () => {
  turns.resumesATurn('a', BEGIN_MS)
  turns.begin()
  expect(turns.runningTurnId).toBe('a')

  turns.handOver(turn('a'))
  expect(turns.runningTurnId).toBe('a')
  answer('a')
  expect(turns.runningTurnId).toBeUndefined()
})

test('a result that came before its turn was handed over ends it', () => {
  turns.begin()
  answer('a')
  turns.handOver(turn('a'))

  expect(started).toEqual([])
  expect(ended).toEqual([['a', 'end_turn']])
})

test('a result of background work does not end the turn that waits', () => {
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'queued')

  result({ origin: { kind: 'task-notification' }, num_turns: 0 })
  result({})
  answer('somebody else')
  expect(ended).toEqual([])
  lifecycle('a', 'started')
  result({})

  expect(ended).toEqual([['a', 'end_turn']])
})

test('an agent that fails before it takes the message ends the turn', () => {
  turns.begin()
  turns.handOver(turn('a'))

  result({ subtype: 'error_during_execution', is_error: true, errors: ['bad start'] })

  expect(ended).toEqual([['a', 'agent_error']])
})

test('an interrupt is for the turn it names', () => {
  turns.begin()
  turns.handOver(turn('a'))
  turns.handOver(turn('b'))

  expect(turns.interrupt('unknown')).toBe(false)
  expect(turns.interrupt('b')).toBe(false)
  expect(turns.interrupt('a')).toBe(true)
  expect(turns.interrupt('a')).toBe(false)
  result({
    subtype: 'error_during_execution',
    is_error: true,
    terminal_reason: 'aborted_tools',
    user_message_uuid: 'a',
  })

  expect(ended).toEqual([
    ['b', 'interrupted'],
    ['a', 'interrupted'],
  ])
  expect(started).toEqual(['a'])
})

test('the agent is interrupted once it has begun the message, not before', () => {
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle('a', 'queued')
  turns.interrupt('a')
  expect(interrupts).toBe(0)

  lifecycle('a', 'started')
  expect(interrupts).toBe(1)
  result({
    terminal_reason: 'aborted_streaming',
    subtype: 'error_during_execution',
    is_error: true,
  })
  lifecycle('a', 'completed')

  turns.handOver(turn('b'))
  lifecycle('b', 'started')
  expect(interrupts).toBe(1)
  turns.interrupt('b')
  expect(interrupts).toBe(2)
})

test('a turn that the agent takes up by itself is interrupted there, not before', () => {
  turns.resumesATurn('a', BEGIN_MS)
  turns.handOver(turn('a'))
  turns.interrupt('a')
  turns.interrupt('a')
  expect(ended).toEqual([])

  turns.begin()
  expect(started).toEqual(['a'])
  lifecycle('a', 'started')
  expect(interrupts).toBe(1)
  result({ user_message_uuids: ['a'], subtype: 'error_during_execution', is_error: true })
  expect(ended).toEqual([['a', 'interrupted']])

  turns.handOver(turn('b'))
  lifecycle('b', 'started')
  expect(interrupts).toBe(1)
  answer('b')
  expect(ended.at(-1)).toEqual(['b', 'end_turn'])
})

const OWN = 'of the agent'
const cutShort = () =>
  result({ user_message_uuids: ['a'], subtype: 'error_during_execution', is_error: true })

test.each([
  [
    'before it is handed over',
    () => {
      lifecycle(OWN, 'started')
      turns.handOver(turn('a'))
      turns.interrupt('a')
      turns.begin()
    },
  ],
  [
    'before the agent comes to it',
    () => {
      turns.begin()
      turns.handOver(turn('a'))
      turns.interrupt('a')
      expect(interrupts).toBe(0)
      lifecycle(OWN, 'started')
    },
  ],
  [
    'while the agent is at it',
    () => {
      turns.begin()
      turns.handOver(turn('a'))
      lifecycle(OWN, 'started')
      turns.interrupt('a')
    },
  ],
])('a turn taken up under a message of the agent is interrupted %s', (_, interrupted) => {
  turns.resumesATurn('a', BEGIN_MS)

  interrupted()

  expect(interrupts).toBe(1)
  cutShort()
  expect(ended).toEqual([['a', 'interrupted']])
})

test('the result of a turn that was taken up before may name no message', () => {
  turns.resumesATurn('a', BEGIN_MS)
  turns.begin()
  turns.handOver(turn('a'))
  lifecycle(OWN, 'started')
  lifecycle('a', 'completed')

  result({ origin: { kind: 'task-notification' } })
  expect(ended).toEqual([])
  result()
  lifecycle(OWN, 'completed')

  expect(ended).toEqual([['a', 'end_turn']])
})

test('nor need it when it comes before the turn is handed over', () => {
  turns.resumesATurn('a', BEGIN_MS)
  turns.begin()
  lifecycle(OWN, 'started')
  result({ origin: { kind: 'task-notification' } })
  result()

  turns.handOver(turn('a'))

  expect(ended).toEqual([['a', 'end_turn']])
})

test('a message of the agent is not taken for a turn that it does not take up', () => {
  turns.begin()
  lifecycle(OWN, 'started')
  turns.handOver(turn('a'))
  turns.interrupt('a')
  expect(interrupts).toBe(0)

  lifecycle('a', 'started')
  expect(interrupts).toBe(1)
})

test('an agent that does not come to the turn that it was to take up is stuck', async () => {
  turns.resumesATurn('a', BEGIN_MS)
  turns.handOver(turn('a'))
  turns.interrupt('a')
  turns.begin()
  await clock.advance(INTERRUPT_MS)

  expect(stuck).toBe(1)
  expect(ended).toEqual([['a', 'interrupted']])
})

test('an agent that does not end an interrupted turn is stuck', async () => {
  turns.begin()
  turns.handOver(turn('a'))
  turns.interrupt('a')

  await clock.advance(INTERRUPT_MS)
  answer('a')

  expect(ended).toEqual([['a', 'interrupted']])
  expect(stuck).toBe(1)
})

const retry = (attempt: number, status: number) =>
  turns.observe({ type: 'system', subtype: 'api_retry', attempt, error_status: status })

test('a provider that refuses the key ends the turn as a model error', () => {
  turns.begin()
  turns.handOver(turn('a'))
  retry(1, 401)
  retry(2, 401)
  expect(interrupts).toBe(0)

  retry(3, 401)
  retry(4, 401)
  expect(interrupts).toBe(1)
  result({ subtype: 'error_during_execution', is_error: true, user_message_uuids: ['a'] })

  expect(ended).toEqual([['a', 'model_error']])
  turns.handOver(turn('b'))
  answer('b')
  expect(ended.at(-1)).toEqual(['b', 'end_turn'])
})

test('a busy provider is waited for', () => {
  turns.begin()
  turns.handOver(turn('a'))
  for (const attempt of [1, 2, 3, 4, 5]) retry(attempt, 529)
  expect(interrupts).toBe(0)
  answer('a')

  expect(ended).toEqual([['a', 'end_turn']])
})

test('an agent that goes on with a refused turn is stuck', async () => {
  turns.begin()
  turns.handOver(turn('a'))
  retry(3, 403)

  await clock.advance(INTERRUPT_MS)

  expect(ended).toEqual([['a', 'model_error']])
  expect(stuck).toBe(1)
})

test('the end of the agent ends every turn, also those that come later', () => {
  turns.begin()
  turns.handOver(turn('a'))
  turns.handOver(turn('b'))

  turns.endAll({ stopReason: 'agent_error' })
  turns.handOver(turn('c'))

  expect(ended.map(([id]) => id)).toEqual(['a', 'b', 'c'])
  expect(started).toEqual(['a'])
})

test('the same message under another turn ends as it did before', () => {
  turns.begin()
  turns.handOver(turn('a', 'm'))
  answer('m')
  turns.handOver(turn('b', 'm'))

  expect(started).toEqual(['a'])
  expect(ended).toEqual([
    ['a', 'end_turn'],
    ['b', 'end_turn'],
  ])
})
