import type { BridgeFrame } from '../generated/bridge-frame.ts'
import type { Pressure } from './pressure.ts'
import { MAX_LINE_BYTES } from './protocol.ts'
import type { Place, Spool } from './spool.ts'

type Unnumbered<F> = F extends { frame: number } ? Omit<F, 'frame'> : never

/** A durable frame before the log has given it its number. */
export type DurableFrame = Unnumbered<BridgeFrame>

/** Past this much that nobody has acknowledged, what comes is spooled. */
export const MAX_BYTES_IN_MEMORY = 8 * 1024 * 1024

/** Past this much on disk, the agent's output is no longer read. */
export const MAX_SPOOLED_BYTES = 256 * 1024 * 1024

const CAUSE = 'unacknowledged frames'

/** A frame's line, in memory or on disk. */
type Kept = { readonly line: string; readonly bytes: number } | { readonly place: Place }

export interface FrameLogOptions {
  readonly pressure: Pressure
  /** Without one, everything stays in memory. */
  readonly spool?: Spool
  readonly maxBytes?: number
  readonly maxSpooledBytes?: number
  readonly maxLineBytes?: number
}

/**
 * Numbers durable frames from 1 without a gap and keeps each until it is acknowledged: in memory,
 * and on disk what is too much for it. It never refuses a frame: when the disk holds too much, or
 * takes nothing, it raises the pressure, and what was already read from the agent still comes in.
 */
export class FrameLog {
  readonly #pressure: Pressure
  readonly #spool: Spool | undefined
  readonly #maxBytes: number
  readonly #maxSpooledBytes: number
  readonly #maxLineBytes: number
  readonly #waiters = new Map<number, Array<() => void>>()
  /** In order, beginning with the first frame that is not acknowledged. */
  #kept: Kept[] = []
  #bytes = 0
  #spooled = 0
  #next = 1
  #acknowledged = 0

  constructor(options: FrameLogOptions) {
    this.#pressure = options.pressure
    this.#spool = options.spool
    this.#maxBytes = options.maxBytes ?? MAX_BYTES_IN_MEMORY
    this.#maxSpooledBytes = options.maxSpooledBytes ?? MAX_SPOOLED_BYTES
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES
  }

  /** The number that the next durable frame will get. */
  get nextFrame(): number {
    return this.#next
  }

  /** The number of the first frame that is not acknowledged. */
  get firstFrame(): number {
    return this.#acknowledged + 1
  }

  get bytesInMemory(): number {
    return this.#bytes
  }

  /** Gives the frame its number. */
  append(frame: DurableFrame): number {
    const number = this.#next
    this.#next += 1
    this.#kept.push(this.#keep(this.#render(frame, number)))
    if (this.#isTooMuch()) this.#pressure.hold(CAUSE)
    return number
  }

  /** Forgets all frames up to this number; lower numbers than before change nothing. */
  acknowledge(frame: number): void {
    const upTo = Math.min(frame, this.#next - 1)
    if (upTo <= this.#acknowledged) return
    const from = this.#acknowledged + 1
    this.#acknowledged = upTo
    for (const kept of this.#kept.splice(0, upTo - from + 1)) {
      if ('place' in kept) this.#spooled -= 1
      else this.#bytes -= kept.bytes
    }
    if (this.#spooled === 0) this.#spool?.clear()
    if (!this.#isTooMuch() && this.#bytes <= this.#maxBytes / 2) this.#pressure.release(CAUSE)
    for (let number = from; number <= upTo; number += 1) this.#wake(number)
  }

  /** The line of a frame that is not acknowledged, without the newline. */
  line(frame: number): string {
    const kept = this.#kept[frame - this.firstFrame]
    if (kept === undefined) throw new Error(`frame ${frame} is not kept`)
    return 'line' in kept ? kept.line : this.#spoolThatIs().read(kept.place)
  }

  /** Resolves once the frame is acknowledged. */
  whenAcknowledged(frame: number): Promise<void> {
    if (frame <= this.#acknowledged) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.set(frame, [...(this.#waiters.get(frame) ?? []), resolve])
    })
  }

  #keep(line: string): Kept {
    const bytes = Buffer.byteLength(line)
    const place = this.#bytes + bytes > this.#maxBytes ? this.#spool?.write(line) : undefined
    if (place !== undefined) {
      this.#spooled += 1
      return { place }
    }
    this.#bytes += bytes
    return { line, bytes }
  }

  #isTooMuch(): boolean {
    return this.#bytes > this.#maxBytes || (this.#spool?.size ?? 0) > this.#maxSpooledBytes
  }

  #spoolThatIs(): Spool {
    if (this.#spool === undefined) throw new Error('there is no spool')
    return this.#spool
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
