import type { BridgeFrame } from '../generated/bridge-frame.ts'
import type { Pressure } from './pressure.ts'
import { MAX_LINE_BYTES } from './protocol.ts'

type Unnumbered<F> = F extends { frame: number } ? Omit<F, 'frame'> : never

/** A durable frame before the log has given it its number. */
export type DurableFrame = Unnumbered<BridgeFrame>

/** Past this much that nobody has acknowledged, the agent's output is no longer read. */
export const MAX_UNACKNOWLEDGED_BYTES = 32 * 1024 * 1024

const CAUSE = 'unacknowledged frames'

interface Kept {
  readonly line: string
  readonly bytes: number
}

export interface FrameLogOptions {
  readonly pressure: Pressure
  readonly maxBytes?: number
  readonly maxLineBytes?: number
}

/**
 * Numbers durable frames from 1 without a gap and keeps each until it is acknowledged. It never
 * refuses a frame: when it holds too much it raises the pressure, and what was already read from
 * the agent still comes in.
 */
export class FrameLog {
  readonly #pressure: Pressure
  readonly #maxBytes: number
  readonly #maxLineBytes: number
  readonly #waiters = new Map<number, Array<() => void>>()
  /** In order, beginning with the first frame that is not acknowledged. */
  #kept: Kept[] = []
  #bytes = 0
  #next = 1
  #acknowledged = 0

  constructor(options: FrameLogOptions) {
    this.#pressure = options.pressure
    this.#maxBytes = options.maxBytes ?? MAX_UNACKNOWLEDGED_BYTES
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES
  }

  /** The number that the next durable frame will get. */
  get nextFrame(): number {
    return this.#next
  }

  get unacknowledgedBytes(): number {
    return this.#bytes
  }

  /** Gives the frame its number and returns the line to send, without the newline. */
  append(frame: DurableFrame): { readonly frame: number; readonly line: string } {
    const number = this.#next
    const line = this.#render(frame, number)
    const bytes = Buffer.byteLength(line)
    this.#next += 1
    this.#kept.push({ line, bytes })
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes) this.#pressure.hold(CAUSE)
    return { frame: number, line }
  }

  /** Forgets all frames up to this number; lower numbers than before change nothing. */
  acknowledge(frame: number): void {
    const upTo = Math.min(frame, this.#next - 1)
    if (upTo <= this.#acknowledged) return
    const from = this.#acknowledged + 1
    this.#acknowledged = upTo
    for (const kept of this.#kept.splice(0, upTo - from + 1)) this.#bytes -= kept.bytes
    if (this.#bytes <= this.#maxBytes / 2) this.#pressure.release(CAUSE)
    for (let number = from; number <= upTo; number += 1) this.#wake(number)
  }

  /** The lines of all frames that are not acknowledged, in order. */
  unacknowledged(): string[] {
    return this.#kept.map((entry) => entry.line)
  }

  /** Resolves once the frame is acknowledged. */
  whenAcknowledged(frame: number): Promise<void> {
    if (frame <= this.#acknowledged) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.set(frame, [...(this.#waiters.get(frame) ?? []), resolve])
    })
  }

  #wake(frame: number): void {
    const waiting = this.#waiters.get(frame)
    if (waiting === undefined) return
    this.#waiters.delete(frame)
    for (const resolve of waiting) resolve()
  }

  #render(frame: DurableFrame, number: number): string {
    const line = JSON.stringify({ ...frame, frame: number })
    return Buffer.byteLength(line) <= this.#maxLineBytes
      ? line
      : JSON.stringify({ ...withoutBulk(frame), frame: number })
  }
}

/** What is left of a frame that no line can hold: enough to see in the log that it was there. */
function withoutBulk(frame: DurableFrame): DurableFrame {
  switch (frame.type) {
    case 'sdk_message':
      return { ...frame, message: marked(frame.message) }
    case 'transcript_part':
      return { ...frame, entries: frame.entries.map(marked) }
    case 'client_tool_call':
      return { ...frame, input: {} }
    case 'turn_ended':
      return { ...frame, result: marked(frame.result) }
    case 'client_tool_closed':
    case 'tool_proposed':
    case 'tool_started':
    case 'tool_ended':
    case 'approval_requested':
    case 'approval_closed':
    case 'agent_exited':
      return frame
    default:
      return frame satisfies never
  }
}

const IDENTIFYING = [
  'type',
  'subtype',
  'uuid',
  'parentUuid',
  'session_id',
  'sessionId',
  'timestamp',
]

function marked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => IDENTIFYING.includes(name))
  return { ...Object.fromEntries(kept), too_large_for_the_door: true }
}
