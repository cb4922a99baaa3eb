import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type {
  AgentOptions,
  BridgeCommand,
  UnknownCall,
} from '../../src/generated/bridge-command.ts'
import type { BridgeFrame } from '../../src/generated/bridge-frame.ts'

export type Frame<T extends BridgeFrame['type']> = Extract<BridgeFrame, { type: T }>

type Durable = Extract<BridgeFrame, { frame: number }>

/** What outlives a worker: the committed frames and the transcript that they carried. */
export class Committed {
  readonly frames: Durable[] = []
  readonly transcript = new Map<string, unknown[]>()

  commit(frame: Durable): void {
    const expected = this.frames.length + 1
    const before = this.frames[frame.frame - 1]
    if (before !== undefined) {
      if (JSON.stringify(before) !== JSON.stringify(frame)) {
        throw new Error(`frame ${frame.frame} came again and was another`)
      }
      return
    }
    if (frame.frame !== expected) throw new Error(`frame ${frame.frame} (expected: ${expected})`)
    this.frames.push(frame)
    if (frame.type !== 'transcript_part') return
    const key = frame.subpath ?? ''
    this.transcript.set(key, [...(this.transcript.get(key) ?? []), ...frame.entries])
  }
}

export interface WorkerOptions {
  readonly socketPath: string
  readonly sandboxId: string
  readonly sessionId: string
  readonly epoch: number
  readonly attachment: number
  readonly committed: Committed
  /** The transcript that an earlier sandbox left. */
  readonly stored?: ReadonlyMap<string, readonly unknown[]>
  /** Without it frames are received but never acknowledged. */
  readonly acknowledge?: boolean
}

const PAGE = 7

/** A worker as the bridge meets one: it attaches, commits, acknowledges, and answers. */
export class FakeWorker {
  readonly received: Array<{
    readonly at: number
    readonly frame: BridgeFrame
    /** Counts what was read at once. */
    readonly chunk: number
  }> = []
  readonly faults: Error[] = []
  readonly #options: WorkerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #watchers = new Set<() => void>()
  #current: Socket | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #chunk = 0

  private constructor(options: WorkerOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async listen(options: WorkerOptions): Promise<FakeWorker> {
    const worker = new FakeWorker(options)
    rmSync(options.socketPath, { force: true })
    await new Promise<void>((resolve) => worker.#server.listen(options.socketPath, resolve))
    return worker
  }

  get committed(): Committed {
    return this.#options.committed
  }

  send(command: BridgeCommand): void {
    this.#current?.write(`${JSON.stringify(command)}\n`)
  }

  open(
    options: AgentOptions,
    resume?: { reason?: string; unknownCalls?: readonly UnknownCall[] },
  ): void {
    this.send({
      type: 'open',
      resume: resume !== undefined,
      ...(resume?.reason === undefined ? {} : { resume_reason: resume.reason }),
      options,
      ...(resume?.unknownCalls === undefined ? {} : { unknown_calls: [...resume.unknownCalls] }),
    })
  }

  run(messageId: string, content: unknown, turnId = messageId): void {
    this.send({ type: 'run_turn', turn_id: turnId, message_id: messageId, content })
  }

  /** In which reads the frames of one type came. */
  chunksOf(type: BridgeFrame['type']): number[] {
    return this.received.filter(({ frame }) => frame.type === type).map(({ chunk }) => chunk)
  }

  /** Frames of one type that have come so far. */
  all<T extends BridgeFrame['type']>(type: T): Array<Frame<T>> {
    return this.received
      .map(({ frame }) => frame)
      .filter((frame): frame is Frame<T> => frame.type === type)
  }

  async next<T extends BridgeFrame['type']>(
    type: T,
    matches: (frame: Frame<T>) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<Frame<T>> {
    const find = () => this.all(type).find(matches)
    await this.until(() => find() !== undefined, `a frame ${type}`, timeoutMs)
    return find() as Frame<T>
  }

  async until(holds: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!holds()) {
      const [fault] = this.faults
      if (fault !== undefined) throw fault
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`no ${what} within ${timeoutMs} ms; got ${this.#summary()}`)
      await this.#change(Math.min(left, 250))
    }
  }

  /** Ends like a killed process: connections break, the socket file stays. */
  close(): void {
    clearInterval(this.#heartbeat)
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  /** Stops reading and talking, as a paused process does. */
  pause(): void {
    clearInterval(this.#heartbeat)
    for (const socket of this.#sockets) socket.pause()
  }

  /** Goes on after a pause. */
  resume(): void {
    for (const socket of this.#sockets) socket.resume()
    this.#beat()
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const watchers = this.#watchers
      function done() {
        clearTimeout(timer)
        watchers.delete(done)
        resolve()
      }
      watchers.add(done)
    })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    this.#current = socket
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('data', (chunk: string) => {
      this.#chunk += 1
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#hear(JSON.parse(line) as BridgeFrame)
    })
    socket.on('close', () => this.#sockets.delete(socket))
    this.#beat()
  }

  #beat(): void {
    clearInterval(this.#heartbeat)
    this.#heartbeat = setInterval(() => this.send({ type: 'heartbeat' }), 1_000)
  }

  #hear(frame: BridgeFrame): void {
    this.received.push({ at: performance.now(), frame, chunk: this.#chunk })
    if (frame.type === 'hello') this.#attach()
    if (frame.type === 'load_transcript') this.#answerLoad(frame)
    if ('frame' in frame) this.#commit(frame)
    for (const watcher of [...this.#watchers]) watcher()
  }

  #attach(): void {
    const { attachment, committed, epoch, sandboxId, sessionId } = this.#options
    this.send({
      type: 'attach',
      protocol: 1,
      sandbox_id: sandboxId,
      session_id: sessionId,
      epoch,
      attachment,
      last_frame: committed.frames.length,
    })
  }

  #commit(frame: Durable): void {
    if (this.#options.acknowledge === false) return
    try {
      this.committed.commit(frame)
      if (frame.type === 'tool_started') {
        this.send({ type: 'tool_recorded', tool_use_id: frame.tool_use_id, first: true })
      }
      this.send({ type: 'ack', frame: frame.frame })
    } catch (error) {
      this.faults.push(error as Error)
    }
  }

  #answerLoad({ request_id, subpath }: Frame<'load_transcript'>): void {
    const stored = this.#options.stored ?? new Map<string, readonly unknown[]>()
    const entries = stored.get(subpath ?? '') ?? []
    const subpaths = subpath == null ? [...stored.keys()].filter((key) => key !== '') : []
    for (let at = 0; at === 0 || at < entries.length; at += PAGE) {
      const last = at + PAGE >= entries.length
      this.send({
        type: 'transcript_page',
        request_id,
        found: stored.has(subpath ?? ''),
        entries: entries.slice(at, at + PAGE),
        subpaths: last ? subpaths : [],
        last,
      })
    }
  }

  #summary(): string {
    const types = this.received
      .map(({ frame }) => frame.type)
      .filter((type) => type !== 'heartbeat')
    return types.slice(-12).join(', ')
  }
}
