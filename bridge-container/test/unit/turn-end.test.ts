import { expect, test } from 'vitest'
import { messagesOf, turnEndOf } from '../../src/coordinator/turn-end.ts'

const calm = { interruptRequested: false, diskFull: false }

const error = (fields: object) => ({ subtype: 'error_during_execution', is_error: true, ...fields })
const modelError = (status: number) => ({
  subtype: 'success',
  is_error: true,
  terminal_reason: 'api_error',
  api_error_status: status,
  result: `API Error: ${status}`,
})

test.each([
  [{ subtype: 'success', is_error: false, stop_reason: 'end_turn' }, 'end_turn', undefined],
  [{ subtype: 'success', is_error: false, stop_reason: 'stop_sequence' }, 'end_turn', undefined],
  [{ subtype: 'success', is_error: false, stop_reason: 'refusal' }, 'refusal', undefined],
  [{ subtype: 'success', is_error: true, stop_reason: 'refusal' }, 'refusal', undefined],
  [modelError(400), 'model_error', 'invalid_request'],
  [modelError(401), 'model_error', 'model_refused'],
  [modelError(402), 'budget_exhausted', 'user_budget_exhausted'],
  [modelError(429), 'model_error', 'rate_limited'],
  [modelError(529), 'model_error', 'model_unavailable'],
  [{ subtype: 'error_max_turns', is_error: true }, 'max_turns', undefined],
  [{ subtype: 'error_max_budget_usd', is_error: true }, 'budget_exhausted', undefined],
  [
    { subtype: 'error_max_structured_output_retries', is_error: true },
    'structured_output_retries',
    undefined,
  ],
  [error({ terminal_reason: 'aborted_tools' }), 'interrupted', undefined],
  [error({ terminal_reason: 'aborted_streaming' }), 'interrupted', undefined],
  [error({ terminal_reason: 'max_turns' }), 'max_turns', undefined],
  [error({ terminal_reason: 'budget_exhausted' }), 'budget_exhausted', undefined],
  [error({ terminal_reason: 'model_error' }), 'model_error', 'model_unavailable'],
  [error({ errors: ['it broke'] }), 'agent_error', 'internal'],
  [
    error({ errors: ['No conversation found with session ID: x'] }),
    'transcript_missing',
    'transcript_missing',
  ],
  [error({ errors: ['ENOSPC: no space left on device, write'] }), 'disk_full', 'disk_full'],
  [
    {
      subtype: 'success',
      is_error: true,
      terminal_reason: 'tool_deferred_unavailable',
      deferred_tool_use: { id: 'toolu_1', name: 'mcp__desk__poke' },
    },
    'agent_error',
    'internal',
  ],
  [{ subtype: 'error_of_tomorrow', is_error: true }, 'agent_error', 'internal'],
  [{}, 'agent_error', 'internal'],
])('%j ends as %s', (result, stopReason, problem) => {
  const end = turnEndOf(result, calm)

  expect(end.stopReason).toBe(stopReason)
  expect(end.problem?.type).toBe(problem)
})

test('an error after an interrupt is the interrupt, an answer is an answer', () => {
  const interrupted = { ...calm, interruptRequested: true }

  expect(turnEndOf(error({ errors: ['it broke'] }), interrupted).stopReason).toBe('interrupted')
  expect(turnEndOf({ subtype: 'success', is_error: false }, interrupted).stopReason).toBe(
    'end_turn',
  )
})

test('with a full disk even an answer may be missing from the transcript', () => {
  const full = { ...calm, diskFull: true }

  expect(turnEndOf({ subtype: 'success', is_error: false }, full).stopReason).toBe('disk_full')
  expect(turnEndOf(error({ terminal_reason: 'aborted_tools' }), full).stopReason).toBe(
    'interrupted',
  )
})

test('an answer that only speaks of a full disk is an answer', () => {
  const result = { subtype: 'success', is_error: false, result: 'ENOSPC means no space.' }

  expect(turnEndOf(result, calm).stopReason).toBe('end_turn')
})

test('a problem keeps its text short', () => {
  const end = turnEndOf(error({ errors: ['x'.repeat(10_000)] }), calm)

  expect(end.problem?.message.length).toBeLessThan(2_100)
})

test('a result names its messages in one field or the other, or not at all', () => {
  expect(messagesOf({ user_message_uuids: ['a', 'b'], user_message_uuid: 'b' })).toEqual(['a', 'b'])
  expect(messagesOf({ user_message_uuid: 'b' })).toEqual(['b'])
  expect(messagesOf({})).toEqual([])
  expect(messagesOf(null)).toEqual([])
})
