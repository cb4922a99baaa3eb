import type { UnknownCall } from '../generated/bridge-command.ts'
import type { Turn } from './turns.ts'

/** What the model is to know before it goes on with a turn that lost its sandbox. */
export function noticesOf(
  unknownCalls: readonly UnknownCall[],
  resumeNotice: string | null | undefined,
): string[] {
  return [
    ...(unknownCalls.length === 0 ? [] : [reminder(unknownCalls)]),
    ...(resumeNotice == null ? [] : [resumeNotice]),
  ]
}

/** The message behind the notices. A command of the agent stays as it is, or it would be none. */
export function withNotices(turn: Turn, notices: readonly string[]): Turn {
  const { content } = turn
  if (notices.length === 0) return turn
  if (typeof content === 'string' && content.startsWith('/')) return turn
  const told = notices.map(text)
  return { ...turn, content: [...told, ...(Array.isArray(content) ? content : [text(content)])] }
}

function text(value: unknown) {
  return { type: 'text', text: value }
}

/**
 * A call whose sandbox died within some 100 ms of its start may be missing from the transcript, and
 * then the Agent SDK cannot tell the model of it.
 */
function reminder(calls: readonly UnknownCall[]): string {
  const named = calls.map(({ name, tool_use_id: id }) => `${name} (${id})`).join(', ')
  return (
    '<system-reminder>The sandbox was lost when these tool calls ran, or were about to: ' +
    `${named}. Nobody knows whether they took effect. They were not run again: look at what they ` +
    'may have done before you repeat them.</system-reminder>'
  )
}
