import { isObject } from '../bridge-server/shape.ts'
import type { Clock, Timer } from '../clock.ts'
import type { StoredOutcome } from './transcript-outcomes.ts'
import {
  agentError,
  messagesOf,
  refusalOf,
  type StopReason,
  synthesisedResult,
  type TurnEnd,
  turnEndOf,
} from './turn-end.ts'

/** A turn as the worker handed it over. */
export interface Turn {
  readonly turnId: string
  readonly messageId: string
  readonly content: unknown
}

export interface TurnsOptions {
  readonly clock: Clock
  /** Gives the turn's message to the agent, which may go on with the turn by itself. */
  readonly start: (turn: Turn, resumed: boolean) => void
  readonly ended: (turn: Turn, end: TurnEnd, result?: unknown) => void
  /** The agent did not end an interrupted turn in time. */
  readonly stuck: () => void
  /** Asks the agent to end what it is at. */
  readonly interruptAgent: () => void
  /** How the stored transcript says that the turn of a message ended. */
  readonly stored: (messageId: string) => StoredOutcome | undefined
  readonly diskFull: () => boolean
  readonly sessionId: () => string
}

/**
 * A message that the agent has taken before gets no result. After this long without a word from an
 * agent that does nothing, the end of its turn is said for it.
 */
export const SETTLE_MS = 3_000

/** The same where the stored transcript already shows the end. */
export const KNOWN_SETTLE_MS = 500

/** How long the agent has to end an interrupted turn. */
export const INTERRUPT_MS = 10_000

const REMEMBERED_RESULTS = 64

interface Running {
  readonly turn: Turn
  /** The agent goes on with it by itself, under a message of its own, and need not name this one. */
  readonly resumed: boolean
  interrupt: Timer | undefined
  /** The agent has closed the message without, or before, a result. */
  closed: boolean
  /** Why the turn was given up, though the agent would go on. */
  givenUp: TurnEnd | undefined
}

/**
 * The turns of a bridge's life: one runs at a time, a repeated one changes nothing, and each ends
 * exactly once.
 */
export class Turns {
  readonly #options: TurnsOptions
  readonly #known = new Set<string>()
  readonly #results = new Map<string, unknown>()
  /** Messages that the agent works on, its own among them. */
  readonly #active = new Set<string>()
  #waiting: Turn[] = []
  #running: Running | undefined
  #settle: Timer | undefined
  #ready = false
  /** The agent comes back to a call by itself; the result after it names no message. */
  #takesUp = false
  /** That result, until the turn is handed over. */
  #takenUp: unknown
  #over: TurnEnd | undefined
  /** The agent goes on by itself with the turn that is handed over first. */
  #resumes = false
  /** How long it may take to begin that. */
  #beginMs = SETTLE_MS
  /** The agent has begun something, that turn or its message anew. */
  #began = false
  /** The turn with which the agent goes on, until it is handed over. */
  #ahead: string | undefined
  /** That turn was interrupted before it could begin. */
  #cut = false

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** The turn to which belongs what the agent does. */
  get runningTurnId(): string | undefined {
    return this.#running?.turn.turnId ?? this.#ahead
  }

  /** The agent takes messages from now on. */
  begin(): void {
    this.#ready = true
    this.#next()
  }

  /** The agent goes on with a call that waited, and with the turn of that call. */
  takesUpACall(): void {
    this.#takesUp = true
  }

  /**
   * The agent goes on with the turn that an earlier sandbox lost, as soon as it is up. It may have
   * closed the message of that turn long before, while it waits for MCP servers and hooks.
   */
  resumesATurn(turnId: string | undefined, beginMs: number): void {
    this.#resumes = true
    this.#ahead = turnId
    this.#beginMs = beginMs
  }

  /** The agent knows nothing of that turn: it begins with the message, as with any other. */
  beginsAnew(): void {
    this.#resumes = false
    this.#ahead = undefined
    const [turn] = this.#waiting
    if (this.#cut && turn !== undefined) this.interrupt(turn.turnId)
    this.#cut = false
  }

  handOver(turn: Turn): void {
    if (this.#known.has(turn.turnId)) return
    this.#known.add(turn.turnId)
    this.#waiting.push(turn)
    this.#next()
  }

  /**
   * Returns whether the running turn is interrupted by it. An agent that has not begun the turn's
   * message yet would take the interrupt for the end of nothing, and then begin: it is asked when it
   * says that it has begun. A turn that waits ends at once, unless the agent begins it by itself.
   */
  interrupt(turnId: string): boolean {
    const waiting = this.#waiting.find((turn) => turn.turnId === turnId)
    if (waiting !== undefined && this.#resumes && waiting === this.#waiting[0]) {
      this.#cut = true
      return false
    }
    if (waiting !== undefined) {
      this.#waiting = this.#waiting.filter((turn) => turn !== waiting)
      this.#options.ended(waiting, { stopReason: 'interrupted' })
      return false
    }
    const running = this.#running
    if (running?.turn.turnId !== turnId || running.interrupt !== undefined) return false
    running.interrupt = this.#interruptLimit()
    if (this.#worksOn(running)) this.#options.interruptAgent()
    return true
  }

  /** The running turn is to end like this, though the agent would go on with it. */
  giveUp(end: TurnEnd): void {
    const running = this.#running
    if (running === undefined || running.givenUp !== undefined) return
    running.givenUp = end
    running.interrupt ??= this.#interruptLimit(end)
    this.#options.interruptAgent()
  }

  #interruptLimit(end: TurnEnd = { stopReason: 'interrupted' }): Timer {
    return this.#options.clock.after(INTERRUPT_MS, () => {
      this.#end(end)
      this.#options.stuck()
    })
  }

  /** Sees every message of the agent. */
  observe(message: unknown): void {
    if (!isObject(message)) return
    if (message.type === 'command_lifecycle') this.#observeLifecycle(message)
    else if (message.subtype === 'api_retry') this.#observeRetry(message)
    else if (message.type === 'result') this.#observeResult(message)
    if (this.#running?.closed === true) this.#awaitSilence()
  }

  /** The agent is gone: what runs, waits or still comes ends like this. */
  endAll(end: TurnEnd): void {
    this.#over = end
    this.#end(end)
    this.#next()
  }

  #next(): void {
    while (this.#running === undefined && (this.#ready || this.#over !== undefined)) {
      const turn = this.#waiting.shift()
      if (turn === undefined) return
      if (this.#over !== undefined) {
        this.#options.ended(turn, this.#over)
        continue
      }
      const interrupt = this.#cut ? this.#interruptLimit() : undefined
      const resumed = this.#resumes
      const running = { turn, resumed, interrupt, closed: false, givenUp: undefined }
      this.#running = running
      this.#resumes = false
      this.#ahead = undefined
      this.#cut = false
      const result = this.#results.get(turn.messageId) ?? this.#takenUp
      this.#takenUp = undefined
      if (result === undefined) {
        this.#options.start(turn, resumed)
        if (interrupt !== undefined && this.#worksOn(running)) this.#options.interruptAgent()
      } else this.#endWith(result)
    }
  }

  #observeLifecycle({ command_uuid: uuid, state }: Record<string, unknown>): void {
    if (typeof uuid !== 'string' || state === 'queued') return
    if (state === 'started') {
      this.#active.add(uuid)
      this.#began = true
      const running = this.#running
      if (running?.interrupt === undefined) return
      if (running.resumed || running.turn.messageId === uuid) this.#options.interruptAgent()
      return
    }
    this.#active.delete(uuid)
    const running = this.#running
    if (running?.turn.messageId !== uuid) return
    running.closed = true
    if (running.interrupt !== undefined && this.#worksOn(running)) this.#options.interruptAgent()
  }

  /** A busy provider is worth waiting for, one that refuses the key is not. */
  #observeRetry(retry: Record<string, unknown>): void {
    const end = refusalOf(retry)
    if (end !== undefined) this.giveUp(end)
  }

  #observeResult(result: Record<string, unknown>): void {
    const messages = messagesOf(result)
    for (const message of messages) this.#remember(message, result)
    if (this.#running === undefined) {
      const isOfNone = messages.length === 0 && result.origin === undefined
      if (isOfNone && (this.#takesUp || this.#resumes)) {
        this.#takesUp = false
        this.#takenUp = result
      }
      return
    }
    const { messageId } = this.#running.turn
    const belongs =
      messages.length === 0 ? this.#endsUnnamed(messageId, result) : messages.includes(messageId)
    if (belongs) this.#endWith(result)
  }

  /**
   * A result that names no message: of a turn that the agent began on its own account, as after
   * background work, or else of the running turn, which may have failed before it began.
   */
  #endsUnnamed(messageId: string, result: Record<string, unknown>): boolean {
    if (result.origin !== undefined) return false
    if (this.#takesUp) {
      this.#takesUp = false
      return true
    }
    // Taken up twice, it may be the prompt of the first time that the agent answers.
    if (this.#running?.resumed === true) return true
    if (this.#worksOnOther(messageId)) return false
    return this.#active.has(messageId) || result.is_error === true
  }

  #remember(message: string, result: unknown): void {
    this.#results.set(message, result)
    if (this.#results.size <= REMEMBERED_RESULTS) return
    const [oldest] = this.#results.keys()
    if (oldest !== undefined) this.#results.delete(oldest)
  }

  /** On the turn's message, or on its own account on what that message began earlier. */
  #worksOn({ closed, resumed, turn: { messageId } }: Running): boolean {
    return this.#active.has(messageId) || ((closed || resumed) && this.#worksOnOther(messageId))
  }

  #worksOnOther(messageId: string): boolean {
    return [...this.#active].some((uuid) => uuid !== messageId)
  }

  #awaitSilence(): void {
    const running = this.#running
    if (running === undefined) return
    const { messageId } = running.turn
    this.#settle?.cancel()
    const stored = this.#options.stored(messageId)
    this.#settle = this.#options.clock.after(this.#settleMs(running, stored), () => {
      if (this.#worksOnOther(messageId)) this.#awaitSilence()
      else this.#endWithoutResult(stored)
    })
  }

  #settleMs({ resumed }: Running, stored: StoredOutcome | undefined): number {
    if (stored?.ended !== undefined) return KNOWN_SETTLE_MS
    return resumed && !this.#began ? this.#beginMs : SETTLE_MS
  }

  #endWithoutResult(stored: StoredOutcome | undefined): void {
    if (stored?.ended !== undefined) this.#endAsStored(stored.ended, stored.answer)
    else if (this.#running?.interrupt !== undefined) this.#end({ stopReason: 'interrupted' })
    else this.#end(agentError('The agent had taken the message before and gave no answer to it.'))
  }

  #endAsStored(stopReason: StopReason, answer: string | undefined): void {
    const messageId = this.#running?.turn.messageId
    const result =
      messageId === undefined || answer === undefined || stopReason !== 'end_turn'
        ? undefined
        : synthesisedResult(messageId, this.#options.sessionId(), answer)
    this.#end({ stopReason, synthesised: true }, result)
  }

  #endWith(result: unknown): void {
    const givenUp = this.#running?.givenUp
    if (givenUp !== undefined) {
      this.#end(givenUp, result)
      return
    }
    const interruptRequested = this.#running?.interrupt !== undefined
    const facts = { interruptRequested, diskFull: this.#options.diskFull() }
    this.#end(turnEndOf(isObject(result) ? result : {}, facts), result)
  }

  #end(end: TurnEnd, result?: unknown): void {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    this.#settle?.cancel()
    running.interrupt?.cancel()
    this.#options.ended(running.turn, end, result)
    this.#next()
  }
}
