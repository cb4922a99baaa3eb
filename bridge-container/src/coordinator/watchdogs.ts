import { isObject } from '../bridge-server/shape.ts'
import type { Clock, Timer } from '../clock.ts'
import type { WatchdogLimits } from '../generated/bridge-command.ts'
import type { AgentExited } from '../generated/bridge-frame.ts'
import type { OpenCall } from './tool-journal.ts'

/** What a watchdog found. Its reason becomes the reason for which the sandbox ended. */
export interface Stuck {
  readonly reason: NonNullable<AgentExited['reason']>
  readonly detail: string
}

export interface WatchdogsOptions {
  readonly clock: Clock
  readonly limits: WatchdogLimits
  /** Whether the agent's output is not read at the moment: then its silence says nothing. */
  readonly blind: () => boolean
  /** Calls of tools that are not over, those among them that wait for leave to run. */
  readonly openCalls: () => Iterable<OpenCall>
  /** Tools whose calls have a time limit of their own. */
  readonly limitedTools: ReadonlySet<string>
  /** Said once; the agent is not watched any more. */
  readonly onStuck: (stuck: Stuck) => void
}

/** What holds for a worker that says nothing of it. */
export const WATCHDOG_LIMITS: WatchdogLimits = {
  start_ms: 120_000,
  hang_ms: 30_000,
  stream_idle_ms: 660_000,
  tool_ms: 3_600_000,
}

export const LOOK_MS = 1_000

/** The Agent SDK ends most calls at the limit by itself, and the turn goes on. */
export const TOOL_GRACE_MS = 10_000

interface Given {
  readonly messageId: string
  readonly at: number
}

interface Running extends Given {
  readonly resumed: boolean
}

/**
 * Looks every second whether the agent is stuck. Its time stands still while the bridge itself was
 * stopped or does not read the agent: whoever did not listen cannot tell how long it was quiet.
 */
export class Watchdogs {
  readonly #options: WatchdogsOptions
  readonly #calls = new Map<string, number>()
  /** Messages that the agent has and is not done with. */
  readonly #active = new Set<string>()
  #timer: Timer | undefined
  #lookedAt = 0
  #time = 0
  #startedAt: number | undefined
  #readyAt: number | undefined
  #heardAt = 0
  #running: Running | undefined
  #taken = false
  #resting: Given | undefined

  constructor(options: WatchdogsOptions) {
    this.#options = options
  }

  /** The agent's process is about to start. */
  begin(): void {
    this.#lookedAt = this.#options.clock.now()
    this.#startedAt = this.#time
    this.#timer = this.#options.clock.every(LOOK_MS, () => this.#look())
  }

  /** The agent takes messages. */
  ready(): void {
    if (this.#readyAt !== undefined) return
    this.#readyAt = this.#time
    this.#heardAt = this.#time
  }

  end(): void {
    this.#timer?.cancel()
  }

  /**
   * The message was given to the agent.
   *
   * @param resumed whether the agent takes its turn up by itself, under a message of its own
   */
  turnBegan(messageId: string, resumed: boolean): void {
    this.#running = { messageId, resumed, at: this.#time }
    this.#taken = false
    this.#resting = undefined
  }

  /** The turn has its end; the agent should come to rest now. */
  turnEnded(messageId: string): void {
    if (this.#running?.messageId !== messageId) return
    this.#running = undefined
    if (this.#active.has(messageId)) this.#resting = { messageId, at: this.#time }
  }

  /** Whether the call has run for as long as a call may. */
  overdue(toolUseId: string): boolean {
    const since = this.#calls.get(toolUseId)
    // It began up to a look before it was seen, and may have ended up to a look ago.
    return since !== undefined && this.#time - since >= this.#options.limits.tool_ms - 2 * LOOK_MS
  }

  /** Sees every message of the agent. */
  observe(message: unknown): void {
    this.ready()
    if (!isObject(message)) return
    this.#heardAt = Math.max(this.#heardAt, this.#time + announcedDelay(message))
    if (message.type === 'command_lifecycle') this.#observeLifecycle(message)
    // A subagent is at work as long as it says something.
    for (const id of [message.parent_tool_use_id, message.tool_use_id]) {
      if (typeof id === 'string' && this.#calls.has(id)) this.#calls.set(id, this.#time)
    }
  }

  #observeLifecycle({ command_uuid: uuid, state }: Record<string, unknown>): void {
    if (typeof uuid !== 'string') return
    if (uuid === this.#running?.messageId) this.#taken = true
    if (state === 'started') this.#active.add(uuid)
    else if (state !== 'queued') {
      this.#active.delete(uuid)
      if (this.#resting?.messageId === uuid) this.#resting = undefined
    }
  }

  #look(): void {
    const now = this.#options.clock.now()
    const passed = Math.min(now - this.#lookedAt, 2 * LOOK_MS)
    this.#lookedAt = now
    if (this.#options.blind()) return
    this.#time += passed
    this.#lookAtCalls()
    const stuck =
      this.#start() ?? this.#tool() ?? this.#rest() ?? this.#acceptance() ?? this.#stream()
    if (stuck === undefined) return
    this.end()
    this.#options.onStuck(stuck)
  }

  #lookAtCalls(): void {
    const open = new Set<string>()
    for (const { toolUseId, name, runs } of this.#options.openCalls()) {
      // While a tool runs, or waits for leave to, nothing is expected of the model.
      this.#heardAt = Math.max(this.#heardAt, this.#time)
      if (!runs || this.#options.limitedTools.has(name)) continue
      open.add(toolUseId)
      if (!this.#calls.has(toolUseId)) this.#calls.set(toolUseId, this.#time)
    }
    for (const id of this.#calls.keys()) if (!open.has(id)) this.#calls.delete(id)
  }

  #start(): Stuck | undefined {
    const { start_ms: limit } = this.#options.limits
    if (this.#readyAt !== undefined || this.#startedAt === undefined) return undefined
    if (this.#time - this.#startedAt < limit) return undefined
    const detail = `The agent did not say within ${seconds(limit)} that it is ready.`
    return { reason: 'start_timed_out', detail }
  }

  #tool(): Stuck | undefined {
    const { tool_ms: limit } = this.#options.limits
    for (const [id, since] of this.#calls) {
      if (this.#time - since < limit + TOOL_GRACE_MS) continue
      const detail = `The tool call ${id} ran for more than ${seconds(limit)}.`
      return { reason: 'tool_timed_out', detail }
    }
    return undefined
  }

  /** After a result. */
  #rest(): Stuck | undefined {
    const { hang_ms: limit } = this.#options.limits
    if (this.#resting === undefined) return undefined
    if (this.#time - Math.max(this.#resting.at, this.#heardAt) < limit) return undefined
    const detail = `The agent did not come to rest within ${seconds(limit)} after its result.`
    return { reason: 'agent_hung', detail }
  }

  /**
   * Of a message: the agent says so at once, whatever else it is at. Only of one whose turn it takes
   * up it may say nothing before the end of that turn, which begins when its start is over.
   */
  #acceptance(): Stuck | undefined {
    const { hang_ms: hang, start_ms: start } = this.#options.limits
    const given = this.#running
    if (given === undefined || this.#taken || this.#readyAt === undefined) return undefined
    if (given.resumed && this.#active.size > 0) return undefined
    const limit = given.resumed ? start : hang
    if (this.#time - Math.max(given.at, this.#heardAt) < limit) return undefined
    const detail = `The agent did not take the message within ${seconds(limit)}.`
    return { reason: 'agent_hung', detail }
  }

  #stream(): Stuck | undefined {
    const { stream_idle_ms: limit } = this.#options.limits
    if (this.#running === undefined || this.#readyAt === undefined) return undefined
    if (this.#time - Math.max(this.#running.at, this.#heardAt) < limit) return undefined
    const detail = `The agent said nothing for ${seconds(limit)} while it waited for the model.`
    return { reason: 'stream_wedged', detail }
  }
}

/** How long the agent says that it will be quiet, before it asks a busy model again. */
function announcedDelay({ subtype, retry_delay_ms: delay }: Record<string, unknown>): number {
  return subtype === 'api_retry' && typeof delay === 'number' ? delay : 0
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)} s`
}
