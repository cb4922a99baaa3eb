import { isObject } from '../bridge-server/shape.ts'
import type { TurnEnded } from '../generated/bridge-frame.ts'

type StopReason = TurnEnded['stop_reason']

/** How the turn of a message stands in a stored transcript. */
export interface StoredOutcome {
  readonly ended: StopReason | undefined
  /** The last that the agent said in it, when the turn ended with an answer. */
  readonly answer?: string
}

/** The model of what the agent wrote itself, to fill a gap. */
const SYNTHETIC = '<synthetic>'

const INTERRUPTED = '[Request interrupted by user'

/**
 * Reads a main transcript, entry by entry, for how the turn of each message ended: the agent says
 * nothing more about a message that it has already answered, and then this is all there is.
 */
export class TranscriptOutcomes {
  readonly #byMessage = new Map<string, StoredOutcome>()
  #current: string | undefined

  /** Nothing, when the transcript does not know the message. */
  of(messageId: string): StoredOutcome | undefined {
    return this.#byMessage.get(messageId)
  }

  clear(): void {
    this.#byMessage.clear()
    this.#current = undefined
  }

  read(entry: unknown): void {
    if (!isObject(entry) || entry.isSidechain === true) return
    if (entry.type === 'attachment') this.#readAttachment(entry.attachment)
    else if (!isObject(entry.message)) return
    else if (entry.type === 'user') this.#readUser(entry, entry.message)
    else if (entry.type === 'assistant') this.#readAssistant(entry, entry.message)
  }

  /** A turn with an output format ends with the output itself, after a tool result. */
  #readAttachment(attachment: unknown): void {
    if (isObject(attachment) && attachment.type === 'structured_output') this.#note('end_turn')
  }

  #readUser(entry: Record<string, unknown>, message: Record<string, unknown>): void {
    const text = firstText(message.content)
    if (text?.startsWith(INTERRUPTED) === true) {
      this.#note('interrupted')
    } else if (isToolResult(message.content) || entry.isMeta === true) {
      this.#note(undefined)
    } else if (typeof entry.uuid === 'string') {
      this.#current = entry.uuid
      this.#note(undefined)
    }
  }

  #readAssistant(entry: Record<string, unknown>, message: Record<string, unknown>): void {
    if (entry.isApiErrorMessage === true) this.#note('model_error')
    else if (message.model === SYNTHETIC) return
    else if (message.stop_reason === 'refusal') this.#note('refusal')
    else if (message.stop_reason === 'tool_use') this.#note(undefined)
    else if (typeof message.stop_reason === 'string') {
      this.#note('end_turn', firstText(message.content))
    }
  }

  #note(ended: StopReason | undefined, answer?: string): void {
    if (this.#current === undefined) return
    this.#byMessage.set(this.#current, { ended, ...(answer === undefined ? {} : { answer }) })
  }
}

function firstText(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  const block: unknown = content.find((item) => isObject(item) && item.type === 'text')
  return isObject(block) && typeof block.text === 'string' ? block.text : undefined
}

function isToolResult(content: unknown): boolean {
  return (
    Array.isArray(content) && content.some((item) => isObject(item) && item.type === 'tool_result')
  )
}
