import { isObject } from '../bridge-server/shape.ts'
import type { Problem, TurnEnded } from '../generated/bridge-frame.ts'

export type StopReason = TurnEnded['stop_reason']

/** Why a turn ended, and what went wrong if something did. */
export interface TurnEnd {
  readonly stopReason: StopReason
  readonly problem?: Problem
  /** The agent had ended the turn and was lost before it said so: its transcript tells the end. */
  readonly synthesised?: true
}

/** The fields of the Agent SDK's result message that tell why a turn ended. */
interface ResultFacts {
  readonly subtype?: unknown
  readonly is_error?: unknown
  readonly terminal_reason?: unknown
  readonly stop_reason?: unknown
  readonly api_error_status?: unknown
  readonly result?: unknown
  readonly errors?: unknown
}

export interface TurnFacts {
  readonly interruptRequested: boolean
  /** Then what the agent wrote last may be missing from its transcript, whatever its result says. */
  readonly diskFull: boolean
}

const MAX_PROBLEM_CHARS = 2_000

/** A key that was just renewed may be refused for a moment, not three times. */
const REFUSED_ATTEMPTS = 3

/** Maps the Agent SDK's result message to the platform's closed list of stop reasons. */
export function turnEndOf(result: ResultFacts, facts: TurnFacts): TurnEnd {
  const text = errorText(result)
  const end = endByResult(result, text, facts)
  const lacksSpace =
    facts.diskFull || (result.is_error === true && /\bENOSPC\b|\bEDQUOT\b/.test(text))
  return lacksSpace && end.stopReason !== 'interrupted' ? DISK_FULL : end
}

function endByResult(result: ResultFacts, text: string, facts: TurnFacts): TurnEnd {
  const dropped = droppedCall(result)
  if (dropped !== undefined) return agentError(`${dropped.name}: ${DROPPED}`)
  switch (result.subtype) {
    case 'success':
      return result.is_error === true ? modelError(result, text) : completed(result)
    case 'error_max_turns':
      return { stopReason: 'max_turns' }
    case 'error_max_budget_usd':
      return { stopReason: 'budget_exhausted' }
    case 'error_max_structured_output_retries':
      return { stopReason: 'structured_output_retries' }
    default:
      return failed(result, text, facts)
  }
}

export const DROPPED =
  'The agent came back to a call of this tool and did not find the tool; the call did not run.'

/** The call to which the agent came back, and whose tool it did not have any more. */
export function droppedCall(message: unknown): { id: string; name: string } | undefined {
  if (!isObject(message) || message.terminal_reason !== 'tool_deferred_unavailable')
    return undefined
  const { deferred_tool_use: call } = message
  return isObject(call) ? { id: String(call.id), name: String(call.name) } : undefined
}

export const DISK_FULL: TurnEnd = {
  stopReason: 'disk_full',
  problem: { type: 'disk_full', message: 'The sandbox has no room left on its disk.' },
}

export function agentError(message: string): TurnEnd {
  return { stopReason: 'agent_error', problem: { type: 'internal', message: cut(message) } }
}

function completed(result: ResultFacts): TurnEnd {
  return { stopReason: result.stop_reason === 'refusal' ? 'refusal' : 'end_turn' }
}

function failed(result: ResultFacts, text: string, facts: TurnFacts): TurnEnd {
  switch (result.terminal_reason) {
    case 'aborted_streaming':
    case 'aborted_tools':
      return { stopReason: 'interrupted' }
    case 'max_turns':
      return { stopReason: 'max_turns' }
    case 'budget_exhausted':
      return { stopReason: 'budget_exhausted' }
    case 'structured_output_retry_exhausted':
      return { stopReason: 'structured_output_retries' }
    case 'api_error':
    case 'model_error':
    case 'blocking_limit':
      return modelError(result, text)
    default:
      if (facts.interruptRequested) return { stopReason: 'interrupted' }
      return /^No conversation found/.test(text)
        ? {
            stopReason: 'transcript_missing',
            problem: { type: 'transcript_missing', message: cut(text) },
          }
        : agentError(text === '' ? 'The agent failed in the turn.' : text)
  }
}

/**
 * The model's provider, or the gateway before it, answered with an error that the agent did not
 * repeat. 402 is the gateway's word for a budget that has run out.
 */
function modelError(result: ResultFacts, text: string): TurnEnd {
  if (result.stop_reason === 'refusal') return { stopReason: 'refusal' }
  const message = cut(text === '' ? 'The model answered with an error.' : text)
  switch (result.api_error_status) {
    case 402:
      return { stopReason: 'budget_exhausted', problem: { type: 'user_budget_exhausted', message } }
    case 401:
    case 403:
    case 404:
      return { stopReason: 'model_error', problem: { type: 'model_refused', message } }
    case 400:
    case 413:
    case 422:
      return { stopReason: 'model_error', problem: { type: 'invalid_request', message } }
    case 429:
      return { stopReason: 'model_error', problem: { type: 'rate_limited', message } }
    default:
      return { stopReason: 'model_error', problem: { type: 'model_unavailable', message } }
  }
}

function errorText({ errors, result }: ResultFacts): string {
  if (Array.isArray(errors)) return errors.filter((line) => typeof line === 'string').join('; ')
  return typeof result === 'string' ? result : ''
}

function cut(text: string): string {
  return text.length > MAX_PROBLEM_CHARS ? `${text.slice(0, MAX_PROBLEM_CHARS)}…` : text
}

/**
 * The end of a turn whose model requests are refused, which the Agent SDK would repeat for hours: it
 * takes 401 and 403 for something that passes.
 */
export function refusalOf(retry: Record<string, unknown>): TurnEnd | undefined {
  const { attempt, error_status: status } = retry
  if (typeof attempt !== 'number' || attempt < REFUSED_ATTEMPTS) return undefined
  if (status !== 401 && status !== 403) return undefined
  const message = `The model's provider refused the requests of this session with ${status}.`
  return { stopReason: 'model_error', problem: { type: 'model_refused', message } }
}

/**
 * The result that an agent did not come to give, of what its transcript has: the answer, and not
 * what it took.
 */
export function synthesisedResult(messageId: string, sessionId: string, answer: string): object {
  return {
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: answer,
    stop_reason: 'end_turn',
    session_id: sessionId,
    user_message_uuids: [messageId],
  }
}

/** The messages that a result answers; empty where the Agent SDK names none. */
export function messagesOf(result: unknown): readonly string[] {
  if (!isObject(result)) return []
  const { user_message_uuid: one, user_message_uuids: all } = result
  if (Array.isArray(all)) return all.filter((uuid) => typeof uuid === 'string')
  return typeof one === 'string' ? [one] : []
}
