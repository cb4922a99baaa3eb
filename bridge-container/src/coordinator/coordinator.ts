import type { SaidOnce, SessionCommand } from '../bridge-server/door.ts'
import type { DurableFrame } from '../bridge-server/frame-log.ts'
import type { Pressure } from '../bridge-server/pressure.ts'
import { isObject } from '../bridge-server/shape.ts'
import type { Clock } from '../clock.ts'
import { ExitCode } from '../exit-code.ts'
import type { Open, WatchdogLimits } from '../generated/bridge-command.ts'
import type { Launcher } from '../launcher/client.ts'
import { type Log, reasonOf } from '../log.ts'
import type { QueryFunction } from './agent.ts'
import { lastWord } from './agent-end.ts'
import { createAgentFiles, WriterKilled } from './agent-files.ts'
import { type AgentEnd, type AgentLife, beginAgentLife, within } from './agent-life.ts'
import { type Approvals, createApprovals } from './approvals.ts'
import { BackgroundTasks } from './background-tasks.ts'
import { type ClientTools, createClientTools } from './client-tools.ts'
import { CutCalls } from './cut-calls.ts'
import { noticesOf, withNotices } from './notices.ts'
import type { OperationIds } from './operation-ids.ts'
import { createToolJournal, type ToolJournal } from './tool-journal.ts'
import { createTranscriptLoader } from './transcript-loader.ts'
import { createTranscriptMirror } from './transcript-mirror.ts'
import { TranscriptOutcomes } from './transcript-outcomes.ts'
import { restoreTranscript } from './transcript-restore.ts'
import { agentError, DISK_FULL, type TurnEnd } from './turn-end.ts'
import { type Turn, Turns } from './turns.ts'
import { type Stuck, WATCHDOG_LIMITS, Watchdogs } from './watchdogs.ts'

export interface CoordinatorOptions {
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
  /** The time of day, as ISO 8601. */
  readonly timestamp: () => string
  readonly pressure: Pressure
  readonly launcher: Launcher
  /** The Agent SDK, whose loading takes a while. */
  readonly loadQuery: () => Promise<QueryFunction>
  /** The session that the bridge serves since its first attachment. */
  readonly sessionId: () => string
  readonly sendDurable: (frame: DurableFrame) => number
  readonly sendOnce: (frame: SaidOnce) => void
  readonly whenAcknowledged: (frame: number) => Promise<void>
  readonly diskFull: () => boolean
  /** How many processes were killed so far for want of memory. */
  readonly outOfMemoryKills: () => number
  readonly operations: OperationIds
  /** Everything is over; the process ends with this code. */
  readonly finish: (code: ExitCode) => void
}

/** How long the last frames may wait for their acknowledgement before the process ends. */
const FLUSH_MS = 5_000

/** What is left of the ten seconds that a container engine gives, after the flush. */
const TERMINATE_GRACE_MS = 4_000

/** How long a killed agent may take to be gone. */
const GONE_MS = 5_000

/** Leads the one agent of a bridge's life from `open` to its end. */
export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #turns: Turns
  readonly #outcomes = new TranscriptOutcomes()
  readonly #loader
  readonly #toolJournal: ToolJournal
  readonly #approvals: Approvals
  readonly #background: BackgroundTasks
  #watchdogs: Watchdogs | undefined
  #stuck: Stuck | undefined
  #clientTools: ClientTools | undefined
  #life: AgentLife | undefined
  #opened = false
  #ending = false
  #writesLost = false
  #killsBefore = 0
  #notices: readonly string[] = []
  #lastFrame = 0

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#loader = createTranscriptLoader({ newId: options.newId, ask: options.sendOnce })
    this.#toolJournal = createToolJournal({
      send: (frame) => this.#send(frame),
      turnId: () => this.#turns.runningTurnId,
      needsApproval: (call) => this.#approvals.needsApproval(call),
      overdue: (toolUseId) => this.#watchdogs?.overdue(toolUseId) ?? false,
      operations: options.operations,
    })
    this.#approvals = createApprovals({
      send: (frame) => this.#send(frame),
      turnId: () => this.#turns.runningTurnId,
    })
    this.#background = new BackgroundTasks(options.sendOnce)
    this.#turns = new Turns({
      clock: options.clock,
      start: (turn, resumed) => this.#give(turn, resumed),
      ended: (turn, end, result) => this.#turnEnded(turn, end, result),
      stuck: () => options.launcher.sweep(),
      interruptAgent: () => this.#interruptAgent(),
      stored: (messageId) => this.#outcomes.of(messageId),
      diskFull: options.diskFull,
      sessionId: options.sessionId,
    })
  }

  obey(command: SessionCommand): void {
    switch (command.type) {
      case 'open':
        void this.#open(command)
        return
      case 'run_turn': {
        const { turn_id: turnId, message_id: messageId, content } = command
        this.#turns.handOver({ turnId, messageId, content })
        return
      }
      case 'interrupt':
        this.#interrupt(command.turn_id)
        return
      case 'client_tool_result':
        this.#clientTools?.answer(command)
        return
      case 'tool_recorded':
        this.#toolJournal.recorded(command)
        return
      case 'approval_answer':
        // A call that began now would end with the agent; the next one hears the answer.
        if (!this.#ending) this.#approvals.answer(command)
        return
      case 'transcript_page':
        this.#loader.page(command)
        return
      case 'shutdown':
        if (command.keep_turn === true) void this.#park()
        else void this.#stop(command.grace_ms, { stopReason: 'closed' })
        return
      default:
        command satisfies never
    }
  }

  /** A worker holds the bridge again: what it did not hear is asked once more. */
  attached(): void {
    this.#loader.attached()
    this.#background.attached()
  }

  /** The container is asked to stop. A running turn is not over: it goes on in another sandbox. */
  terminate(): void {
    // An agent that ends in order would note a call that waits as one that was refused.
    if (this.#approvals.isWaiting()) void this.#park()
    else void this.#stop(TERMINATE_GRACE_MS, undefined)
  }

  /** Somebody else serves the session: nothing more may happen here. */
  supersede(): void {
    this.#ending = true
    this.#options.launcher.sweep()
    this.#options.finish(ExitCode.superseded)
  }

  async #open(command: Open): Promise<void> {
    if (this.#opened) return
    this.#opened = true
    try {
      const end = await this.#live(command)
      if (!this.#ending) await this.#agentEnded(end)
    } catch (error) {
      this.#options.log.error('agent.failed', { reason: reasonOf(error) })
      if (this.#ending) return
      // What was killed is no error of the session: another sandbox takes the turn up.
      if (error instanceof WriterKilled) await this.#agentEnded({ exit: error.exit, error })
      else await this.#agentFailed(error)
    }
  }

  async #live(open: Open): Promise<AgentEnd> {
    const { options, resume_notice, resume_reason, unknown_calls } = open
    const limits = open.watchdogs ?? WATCHDOG_LIMITS
    const { clock, launcher, log, pressure, sessionId } = this.#options
    const clientTools = this.#createClientTools(options)
    this.#approvals.open(open, clientTools.toolNames)
    this.#toolJournal.open(open)
    if (resume_reason != null) {
      this.#turns.resumesATurn(open.turn_id ?? undefined, limits.start_ms)
    }
    const cut = CutCalls.of(open, this.#options.newId)
    const resume = open.resume && (await this.#restore(cut))
    if (!resume) this.#beginAnew(open)
    this.#approvals.giveUp(cut.notTakenUp())
    if (cut.takenUp !== undefined) this.#turns.takesUpACall()
    const query = await this.#options.loadQuery()
    if (this.#ending) throw new Error('stopped before the agent was up')
    const watchdogs = this.#watch(limits, clientTools)
    this.#life = beginAgentLife({
      query,
      launcher,
      pressure,
      clock,
      onMessage: (message) => this.#onMessage(message),
      setup: {
        sessionId: sessionId(),
        resume,
        resumeReason: resume_reason ?? undefined,
        unknownCalls: (unknown_calls ?? []).filter(({ tool_use_id: id }) => !cut.tells(id)),
        resumeNotice: resume_notice ?? undefined,
        toolLimits: {
          toolMs: limits.tool_ms,
          clientToolMs: clientTools.toolNames.length === 0 ? 0 : options.client_tool_timeout_ms,
        },
        options,
        clientTools,
        toolJournal: this.#toolJournal,
        approvals: this.#approvals,
        sessionStore: createTranscriptMirror((frame) => this.#send(frame)),
      },
    })
    log.info('agent.opened', { resume })
    void this.#life.agent.ready.then(() => watchdogs.ready())
    this.#turns.begin()
    const end = await this.#life.ended
    watchdogs.end()
    return end
  }

  #watch(limits: WatchdogLimits, clientTools: ClientTools): Watchdogs {
    const { clock, pressure } = this.#options
    this.#watchdogs = new Watchdogs({
      clock,
      limits,
      blind: () => pressure.high,
      openCalls: () => this.#toolJournal.openCalls(),
      limitedTools: new Set(clientTools.toolNames),
      onStuck: (stuck) => this.#agentStuck(stuck),
    })
    this.#watchdogs.begin()
    return this.#watchdogs
  }

  #give(turn: Turn, resumed: boolean): void {
    this.#watchdogs?.turnBegan(turn.messageId, resumed)
    this.#killsBefore = this.#options.outOfMemoryKills()
    this.#life?.agent.give(withNotices(turn, this.#notices))
    this.#notices = []
  }

  /** Its turn, if one runs, is not over: another sandbox takes it up. */
  #agentStuck(stuck: Stuck): void {
    const { clock, launcher, log } = this.#options
    log.warn('agent.stuck', { ...stuck })
    this.#stuck = stuck
    launcher.sweep()
    clock.after(GONE_MS, () => {
      if (!this.#ending) void this.#agentEnded({ exit: undefined, error: undefined })
    })
  }

  #createClientTools(options: Open['options']): ClientTools {
    this.#clientTools = createClientTools({
      servers: options.client_servers,
      timeoutMs: options.client_tool_timeout_ms,
      clock: this.#options.clock,
      newId: this.#options.newId,
      send: (frame) => this.#send(frame),
      turnId: () => this.#turns.runningTurnId,
    })
    return this.#clientTools
  }

  /** An agent that remembers nothing is told with the message what became of it before. */
  #beginAnew({ resume_notice, unknown_calls }: Open): void {
    this.#notices = noticesOf(unknown_calls ?? [], resume_notice)
    this.#turns.beginsAnew()
  }

  /** Whether there is a conversation with which the agent goes on. */
  async #restore(cut: CutCalls): Promise<boolean> {
    const { clock, launcher, log, newId, sessionId } = this.#options
    const started = clock.now()
    const found = await restoreTranscript({
      sessionId: sessionId(),
      loader: this.#loader,
      files: createAgentFiles(launcher, newId),
      outcomes: this.#outcomes,
      cut,
      timestamp: this.#options.timestamp,
    })
    // The next sandbox is to read them too: what the agent writes from here on hangs on them.
    const { additions } = cut
    if (additions.length > 0) this.#send({ type: 'transcript_part', entries: [...additions] })
    log.info('transcript.restored', { found, duration_ms: Math.round(clock.now() - started) })
    if (found === 'missing') throw new TranscriptMissing()
    return found === 'conversation'
  }

  #onMessage(message: unknown): void {
    this.#watchdogs?.observe(message)
    const type = isObject(message) ? message.type : undefined
    const turnId = this.#turns.runningTurnId
    const turn = turnId === undefined ? {} : { turn_id: turnId }
    if (type === 'stream_event') {
      this.#options.sendOnce({ type: 'delta', ...turn, message })
      return
    }
    this.#send({ type: 'sdk_message', ...turn, message })
    if (isObject(message) && message.subtype === 'session_writes_lost') this.#loseWrites()
    this.#approvals.observe(message)
    // What an agent ends because it is to go is lost, not done.
    if (!this.#ending) this.#background.observe(message)
    this.#toolJournal.observe(message)
    this.#turns.observe(message)
  }

  /** What the agent does from here on could not be taken up again. */
  #loseWrites(): void {
    this.#writesLost = true
    this.#turns.giveUp(DISK_FULL)
  }

  #interrupt(turnId: string): void {
    if (!this.#turns.interrupt(turnId)) return
    this.#clientTools?.cancelAll()
    this.#approvals.cancelAll()
  }

  #interruptAgent(): void {
    this.#life?.agent.interrupt().catch((error: unknown) => {
      this.#options.log.warn('interrupt.failed', { reason: reasonOf(error) })
    })
  }

  #turnEnded({ turnId, messageId }: Turn, end: TurnEnd, result: unknown): void {
    const { stopReason, problem, synthesised } = end
    this.#clientTools?.cancelAll()
    this.#approvals.cancelAll()
    this.#watchdogs?.turnEnded(messageId)
    this.#send({
      type: 'turn_ended',
      turn_id: turnId,
      message_id: messageId,
      stop_reason: stopReason,
      ...(result === undefined ? {} : { result }),
      ...(problem === undefined ? {} : { problem }),
      ...(synthesised === undefined ? {} : { synthesised }),
    })
    this.#options.log.info('turn.ended', { turn: turnId, stop_reason: stopReason })
  }

  async #agentEnded({ exit, error }: AgentEnd): Promise<void> {
    // A turn that ran is not over: another sandbox takes it up. Only a full disk stays full.
    if (this.#lacksSpace()) this.#turns.endAll(DISK_FULL)
    this.#options.launcher.sweep()
    await this.#leave(lastWord({ exit, error }, this.#stuck ?? this.#outOfMemory(exit)))
  }

  async #agentFailed(error: unknown): Promise<void> {
    const detail = reasonOf(error)
    const end =
      error instanceof TranscriptMissing
        ? {
            stopReason: 'transcript_missing' as const,
            problem: { type: 'transcript_missing' as const, message: detail },
          }
        : agentError(`The agent could not be started: ${detail}`)
    this.#turns.endAll(this.#lacksSpace() ? DISK_FULL : end)
    await this.#leave({ type: 'agent_exited', detail })
  }

  #outOfMemory(exit: AgentEnd['exit']): Stuck | undefined {
    if (exit?.signal !== 'SIGKILL') return undefined
    if (this.#options.outOfMemoryKills() <= this.#killsBefore) return undefined
    return { reason: 'oom_killed', detail: 'The agent was killed for want of memory.' }
  }

  #lacksSpace(): boolean {
    return this.#writesLost || this.#options.diskFull()
  }

  async #leave(lastWord: DurableFrame): Promise<void> {
    this.#ending = true
    this.#send(lastWord)
    await this.#flush()
    this.#options.finish(ExitCode.agentExited)
  }

  async #stop(graceMs: number, turnEnd: TurnEnd | undefined): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    this.#watchdogs?.end()
    this.#options.log.info('stopping', { grace_ms: graceMs })
    this.#clientTools?.cancelAll()
    await this.#life?.stop(graceMs, this.#turns.runningTurnId !== undefined)
    if (turnEnd !== undefined) this.#turns.endAll(turnEnd)
    await this.#flush()
    this.#options.finish(ExitCode.shutdown)
  }

  /** Makes room: the running turn goes on in another sandbox, from where it is. */
  async #park(): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    this.#options.log.info('parking')
    this.#options.launcher.sweep()
    await this.#flush()
    this.#options.finish(ExitCode.shutdown)
  }

  #send(frame: DurableFrame): number {
    this.#lastFrame = this.#options.sendDurable(frame)
    return this.#lastFrame
  }

  async #flush(): Promise<void> {
    const { clock, whenAcknowledged } = this.#options
    await within(clock, FLUSH_MS, whenAcknowledged(this.#lastFrame))
  }
}

class TranscriptMissing extends Error {
  constructor() {
    super('The stored transcript of the session is missing.')
  }
}
