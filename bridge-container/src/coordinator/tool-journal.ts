import { createHash } from 'node:crypto'
import type {
  CanUseTool,
  HookCallback,
  HookCallbackMatcher,
  HookEvent,
  HookJSONOutput,
} from '@anthropic-ai/claude-agent-sdk'
import type { DurableFrame } from '../bridge-server/frame-log.ts'
import type { Open, ToolRecorded } from '../generated/bridge-command.ts'
import type { ToolEnded } from '../generated/bridge-frame.ts'
import type { ProposedCall } from './asked-tools.ts'
import type { OperationIds } from './operation-ids.ts'
import { toolResults } from './tool-results.ts'

export interface ToolJournalOptions {
  readonly send: (frame: DurableFrame) => number
  /** The turn that is running, if one is. */
  readonly turnId: () => string | undefined
  /** Whether a person has to be asked for a call: it starts when it is allowed. */
  readonly needsApproval?: (call: ProposedCall) => boolean
  /** Whether the call has run for as long as a call may. */
  readonly overdue?: (toolUseId: string) => boolean
  readonly operations: OperationIds
}

/** A call that has no end yet. */
export interface OpenCall {
  readonly toolUseId: string
  readonly name: string
  /** False while it waits for leave to run. */
  readonly runs: boolean
}

/**
 * Each tool call passes here before it runs and after it ended. It runs only when its start is in
 * the log, so that after a crash it is known which calls cannot have run, and a call that an earlier
 * sandbox had started is not run a second time. An operator may let some calls go on before that.
 */
export interface ToolJournal {
  readonly hooks: Partial<Record<HookEvent, HookCallbackMatcher[]>>
  /** The session is opened: what earlier sandboxes may have run does not run here. */
  open(open: Pick<Open, 'start_wait' | 'started_calls'>): void
  /** Calls that have no end yet. */
  openCalls(): Iterable<OpenCall>
  /** The worker's answer to a start. */
  recorded(command: ToolRecorded): void
  /**
   * The last gate of calls that wait for a permission: what it refuses is noted, and what it allows
   * starts, unless that has been noted before the permission was asked for.
   */
  guarded(decide: CanUseTool): CanUseTool
  /** Sees every message of the agent: not every call ends with a hook. */
  observe(message: unknown): void
}

/** A worker may be away for long; until it is back, nothing runs. */
const GATE_SECONDS = 24 * 60 * 60

const UNKNOWN =
  'This call was started before, and its sandbox was lost: nobody knows whether it ran. ' +
  'It is not run again. Look at what it may have done first.'

const INTERRUPTED = 'The turn was interrupted before the call began.'

/** Tools of the Agent SDK that only read: a call that nobody knows of has changed nothing. */
const READS = new Set(['Glob', 'Grep', 'LS', 'NotebookRead', 'Read', 'WebFetch', 'WebSearch'])

/** Overrides what would allow the call, so that the permission is asked for in any case. */
const ASK: HookJSONOutput = {
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'ask',
    permissionDecisionReason: 'The user decides whether this call runs.',
  },
}

/** Which calls run only when their start is in the log. */
type StartWait = NonNullable<Open['start_wait']>

/** What became of a start: the first, a repeated one, or given up while it waited. */
type Start = 'first' | 'repeated' | 'aborted'

export function createToolJournal(options: ToolJournalOptions): ToolJournal {
  const { needsApproval = () => false, operations, overdue = () => false, send, turnId } = options
  const seen = new Set<string>()
  const started = new Set<string>()
  const open = new Map<string, OpenCall>()
  const waiting = new Map<string, (start: Start) => void>()
  let wait: StartWait = 'all'

  const turn = () => {
    const id = turnId()
    return id === undefined ? {} : { turn_id: id }
  }
  const settle = (toolUseId: string, start: Start) => {
    waiting.get(toolUseId)?.(start)
    waiting.delete(toolUseId)
  }
  const start = (toolUseId: string, name: string, signal: AbortSignal) =>
    new Promise<Start>((resolve) => {
      if (signal.aborted) {
        resolve('aborted')
        return
      }
      started.add(toolUseId)
      waiting.set(toolUseId, resolve)
      signal.addEventListener('abort', () => settle(toolUseId, 'aborted'), { once: true })
      send({ type: 'tool_started', ...turn(), tool_use_id: toolUseId, name })
      if (!waits(wait, name)) settle(toolUseId, 'first')
    })
  const end = (toolUseId: string, outcome: ToolEnded['outcome'], reason?: string) => {
    const late = overdue(toolUseId)
    if (!open.delete(toolUseId)) return
    operations.ended(toolUseId, outcome !== 'denied')
    send({
      type: 'tool_ended',
      ...turn(),
      tool_use_id: toolUseId,
      outcome: outcome === 'failed' && late ? 'timed_out' : outcome,
      ...(reason === undefined ? {} : { reason }),
    })
  }

  /** Starts a call; tells why it must not run, if so. */
  const refusedAtStart = async (toolUseId: string, name: string, signal: AbortSignal) => {
    open.set(toolUseId, { toolUseId, name, runs: false })
    const outcome = await start(toolUseId, name, signal)
    switch (outcome) {
      case 'first':
        if (open.has(toolUseId)) open.set(toolUseId, { toolUseId, name, runs: true })
        return undefined
      case 'repeated':
        open.delete(toolUseId)
        operations.ended(toolUseId, false)
        return UNKNOWN
      case 'aborted':
        end(toolUseId, 'denied', INTERRUPTED)
        return INTERRUPTED
      default:
        return outcome satisfies never
    }
  }

  const before: HookCallback = async (input, _toolUseId, { signal }) => {
    if (input.hook_event_name !== 'PreToolUse') return {}
    const { tool_use_id: toolUseId, tool_name: name, agent_id: agentId } = input
    if (seen.has(toolUseId)) return denied(UNKNOWN)
    seen.add(toolUseId)
    send({
      type: 'tool_proposed',
      ...turn(),
      tool_use_id: toolUseId,
      name,
      input_hash: hash(input.tool_input),
      ...(agentId === undefined ? {} : { agent_id: agentId }),
    })
    open.set(toolUseId, { toolUseId, name, runs: false })
    operations.called(toolUseId, name, input.tool_input)
    const mode = input.permission_mode ?? 'default'
    if (needsApproval({ tool: name, input: input.tool_input, mode })) return ASK
    const refusal = await refusedAtStart(toolUseId, name, signal)
    // No decision: an `allow` from here would skip the permissions.
    return refusal === undefined ? {} : denied(refusal)
  }

  const after: HookCallback = async (input) => {
    if (input.hook_event_name === 'PostToolUse') end(input.tool_use_id, 'completed')
    if (input.hook_event_name === 'PostToolUseFailure') end(input.tool_use_id, 'failed')
    return {}
  }

  return {
    hooks: {
      PreToolUse: [{ hooks: [before], timeout: GATE_SECONDS, onFailure: 'block' }],
      PostToolUse: [{ hooks: [after] }],
      PostToolUseFailure: [{ hooks: [after] }],
    },
    open({ start_wait, started_calls }) {
      wait = start_wait ?? 'all'
      for (const toolUseId of started_calls ?? []) seen.add(toolUseId)
    },
    openCalls: () => open.values(),
    recorded({ tool_use_id: toolUseId, first }) {
      settle(toolUseId, first ? 'first' : 'repeated')
    },
    guarded: (decide) => async (name, input, options) => {
      const { signal, toolUseID: toolUseId } = options
      // The agent may come back to a call of an earlier sandbox without its hook: it has an end, too.
      if (!open.has(toolUseId)) open.set(toolUseId, { toolUseId, name, runs: false })
      const decision = await decide(name, input, options)
      if (decision?.behavior === 'deny') end(toolUseId, 'denied', decision.message)
      if (decision?.behavior !== 'allow' || started.has(toolUseId)) return decision
      const refusal = await refusedAtStart(toolUseId, name, signal)
      return refusal === undefined ? decision : { behavior: 'deny', message: refusal }
    },
    observe(message) {
      for (const { toolUseId, isError, refusal } of toolResults(message)) {
        // A hook or a rule of the project refuses after the gate, and no hook says so.
        if (refusal !== undefined) end(toolUseId, 'denied', refusal)
        else end(toolUseId, isError ? 'failed' : 'completed')
      }
    },
  }
}

function waits(wait: StartWait, tool: string): boolean {
  switch (wait) {
    case 'all':
      return true
    case 'side_effecting':
      return !READS.has(tool)
    case 'none':
      return false
    default:
      return wait satisfies never
  }
}

function denied(reason: string): HookJSONOutput {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
    },
  }
}

function hash(input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(input) ?? '')
    .digest('hex')
}
