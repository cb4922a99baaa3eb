import { connect, type Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { Attach, BridgeCommand } from '../generated/bridge-command.ts'
import type { BridgeFrame } from '../generated/bridge-frame.ts'
import { type Log, reasonOf } from '../log.ts'
import { decideAttach, type Holder } from './attachment.ts'
import { createBackoff } from './backoff.ts'
import { parseCommand } from './commands.ts'
import type { DurableFrame, FrameLog } from './frame-log.ts'
import { lineReader } from './lines.ts'
import type { Pressure } from './pressure.ts'
import { HEARTBEAT_MS, MAX_LINE_BYTES, PROTOCOL_VERSION, SILENCE_MS } from './protocol.ts'

/** What a worker that holds the bridge asks of the session. */
export type SessionCommand = Exclude<
  BridgeCommand,
  { type: 'attach' | 'ack' | 'heartbeat' | 'superseded' }
>

export type SaidOnce = Extract<
  BridgeFrame,
  { type: 'background_tasks' | 'delta' | 'load_transcript' }
>

export interface DoorOptions {
  readonly socketPath: string
  readonly sandboxId: string
  readonly sdkVersion: string
  readonly frames: FrameLog
  readonly pressure: Pressure
  readonly clock: Clock
  readonly log: Log
  /** A worker holds the bridge, for the first time or again. */
  readonly onAttached: (holder: Holder) => void
  readonly onCommand: (command: SessionCommand) => void
  readonly onSuperseded: () => void
  /** `hello` was said on the first connection: time for work that can wait. */
  readonly onGreeted: () => void
}

/** Past this much that the worker has not read, the agent's output is no longer read. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024
const UNREAD = 'unread by the worker'

/** Past this much that is on its way, frames stay in their log until some of it is read. */
const MAX_AHEAD_BYTES = 1024 * 1024

/**
 * The control stream through the door: one connection at a time, made anew for ever, on which the
 * bridge greets, a worker attaches, and durable frames are repeated until they are acknowledged.
 */
export class Door {
  readonly #options: DoorOptions
  readonly #backoff = createBackoff()
  #connection: Socket | undefined
  #attached = false
  #holder: Holder | undefined
  #heardAt = 0
  #beatAt = 0
  #heartbeat: Timer | undefined
  #retry: Timer | undefined
  #greeted = false
  #closed = false

  /** The first frame that this connection does not have. */
  #next = 1

  /** Whether deltas of the message that streams were left out. */
  #skips = false

  constructor(options: DoorOptions) {
    this.#options = options
  }

  get holder(): Holder | undefined {
    return this.#holder
  }

  open(): void {
    this.#dial()
  }

  /** Keeps the frame until it is acknowledged and returns its number. */
  sendDurable(frame: DurableFrame): number {
    const number = this.#options.frames.append(frame)
    this.#sendFrames()
    return number
  }

  /**
   * Says it to the worker that is there, if one is. Deltas are for who keeps up: a worker that does
   * not is spared the rest of a message, which comes whole.
   */
  sendOnce(frame: SaidOnce): void {
    if (this.#attached && (frame.type !== 'delta' || this.#shows(frame))) this.#say(frame)
  }

  close(): void {
    this.#closed = true
    this.#retry?.cancel()
    this.#heartbeat?.cancel()
    this.#connection?.end()
    this.#connection = undefined
    this.#attached = false
  }

  #dial(): void {
    const socket = connect(this.#options.socketPath)
    this.#connection = socket
    const read = lineReader(MAX_LINE_BYTES, {
      line: (text) => this.#receive(socket, text),
      overflow: () => socket.destroy(new Error('line too long')),
    })
    socket.on('connect', () => this.#greet(socket))
    socket.on('data', (chunk) => {
      this.#heardAt = this.#options.clock.now()
      read(chunk)
    })
    socket.on('drain', () => {
      this.#options.pressure.release(UNREAD)
      if (this.#connection === socket) this.#sendFrames()
    })
    socket.on('error', (error) => {
      this.#options.log.debug('door.failed', { reason: reasonOf(error) })
    })
    socket.on('close', () => this.#lost(socket))
  }

  #greet(socket: Socket): void {
    const { clock, frames, sandboxId, sdkVersion } = this.#options
    this.#heardAt = clock.now()
    this.#beatAt = this.#heardAt
    this.#say({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      sandbox_id: sandboxId,
      ...(this.#holder === undefined ? {} : { session_id: this.#holder.sessionId }),
      epoch: this.#holder?.epoch ?? 0,
      next_frame: frames.nextFrame,
      sdk_version: sdkVersion,
    })
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => this.#beat(socket))
    if (this.#greeted) return
    this.#greeted = true
    this.#options.onGreeted()
  }

  #beat(socket: Socket): void {
    const now = this.#options.clock.now()
    // Whoever slept itself cannot tell how long the other side was silent.
    if (now - this.#beatAt > 2 * HEARTBEAT_MS) this.#heardAt = now
    this.#beatAt = now
    const silence = now - this.#heardAt
    if (silence > SILENCE_MS) {
      this.#options.log.warn('door.silent', { silence_ms: Math.round(silence) })
      socket.destroy()
      return
    }
    this.#say({ type: 'heartbeat' })
  }

  #lost(socket: Socket): void {
    if (this.#connection !== socket) return
    if (this.#attached) this.#options.log.info('door.lost')
    this.#connection = undefined
    this.#attached = false
    this.#heartbeat?.cancel()
    this.#options.pressure.release(UNREAD)
    if (this.#closed) return
    this.#retry = this.#options.clock.after(this.#backoff.next(), () => this.#dial())
  }

  #receive(socket: Socket, line: string): void {
    if (this.#connection !== socket) return
    const parsed = parseCommand(line)
    if ('invalid' in parsed) {
      this.#options.log.warn('command.invalid', { reason: parsed.invalid })
    } else if ('unrecognized' in parsed) {
      this.#options.log.info('command.unrecognized', { type: parsed.unrecognized.slice(0, 40) })
    } else {
      this.#obey(socket, parsed.command)
    }
  }

  #obey(socket: Socket, command: BridgeCommand): void {
    switch (command.type) {
      case 'heartbeat':
        return
      case 'attach':
        this.#attach(socket, command)
        return
      case 'superseded':
        this.#supersede(command.epoch)
        return
      case 'ack':
        if (this.#attached) this.#options.frames.acknowledge(command.frame)
        return
      case 'open':
      case 'run_turn':
      case 'interrupt':
      case 'client_tool_result':
      case 'tool_recorded':
      case 'approval_answer':
      case 'transcript_page':
      case 'shutdown':
        if (this.#attached) this.#options.onCommand(command)
        else this.#options.log.warn('command.unattached', { type: command.type })
        return
      default:
        command satisfies never
    }
  }

  #attach(socket: Socket, command: Attach): void {
    const { frames, log, sandboxId } = this.#options
    const decision = decideAttach(command, sandboxId, this.#holder)
    if (decision.outcome === 'refuse') {
      log.warn('attach.refused', { reason: decision.reason, epoch: command.epoch })
      const epoch = this.#holder?.epoch ?? 0
      this.#attached = false
      this.#say({ type: 'refused', epoch, attachment: this.#holder?.attachment ?? 0 })
      socket.end()
      return
    }
    this.#holder = decision.holder
    this.#backoff.reset()
    frames.acknowledge(command.last_frame)
    this.#attached = true
    this.#say({ type: 'attached', attachment: command.attachment })
    this.#next = frames.firstFrame
    log.info('attached', {
      epoch: command.epoch,
      attachment: command.attachment,
      repeated: frames.nextFrame - frames.firstFrame,
    })
    this.#sendFrames()
    this.#options.onAttached(decision.holder)
  }

  #supersede(epoch: number): void {
    const own = this.#holder?.epoch ?? 0
    if (epoch > own || (this.#attached && epoch === own)) {
      this.#options.log.warn('superseded', { epoch })
      this.#options.onSuperseded()
    }
  }

  /** Sends what the connection takes; the rest follows when some of it is read. */
  #sendFrames(): void {
    const { frames } = this.#options
    this.#next = Math.max(this.#next, frames.firstFrame)
    while (this.#attached && this.#next < frames.nextFrame && this.#hasRoom()) {
      this.#write(frames.line(this.#next))
      this.#next += 1
    }
  }

  #hasRoom(): boolean {
    const socket = this.#connection
    return socket !== undefined && !socket.destroyed && socket.writableLength < MAX_AHEAD_BYTES
  }

  #shows(delta: Extract<SaidOnce, { type: 'delta' }>): boolean {
    if (this.#next < this.#options.frames.nextFrame) this.#skips = true
    else if (startsMessage(delta.message)) this.#skips = false
    return !this.#skips
  }

  #say(frame: BridgeFrame): void {
    this.#write(JSON.stringify(frame))
  }

  #write(line: string): void {
    const socket = this.#connection
    if (socket === undefined || socket.destroyed) return
    gather(socket)
    socket.write(`${line}\n`)
    if (socket.writableLength > MAX_UNREAD_BYTES) this.#options.pressure.hold(UNREAD)
  }
}

function startsMessage(message: unknown): boolean {
  const { event } = (message ?? {}) as { readonly event?: { readonly type?: unknown } }
  return event?.type === 'message_start'
}

/** What is said in one round of the event loop goes out, and is committed, at once. */
function gather(socket: Socket): void {
  if (socket.writableCorked > 0) return
  socket.cork()
  setImmediate(() => socket.uncork())
}
