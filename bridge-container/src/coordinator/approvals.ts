import type { CanUseTool, PermissionResult } from '@anthropic-ai/claude-agent-sdk'
import type { DurableFrame } from '../bridge-server/frame-log.ts'
import type { ApprovalAnswer, Open } from '../generated/bridge-command.ts'
import type { ApprovalClosed } from '../generated/bridge-frame.ts'
import { type AskingRules, needsApproval, type ProposedCall } from './asked-tools.ts'
import { bounded } from './bounded-input.ts'
import { toolResults } from './tool-results.ts'
import { DROPPED, droppedCall } from './turn-end.ts'

export interface ApprovalsOptions {
  readonly send: (frame: DurableFrame) => void
  /** The turn that is running, if one is. */
  readonly turnId: () => string | undefined
}

/** Calls that wait for a person. They wait here, all of them, until the sandbox is ended or lost. */
export interface Approvals {
  /** Asks, and answers when a person did. */
  readonly ask: CanUseTool
  /** Whether there is a person to ask. */
  readonly hasPerson: boolean
  /**
   * The session is opened: what its options say of asking, and what was asked before this sandbox.
   *
   * @param clientTools names of the tools that a client executes
   */
  open(open: Pick<Open, 'options' | 'asked_calls'>, clientTools: readonly string[]): void
  /** Whether the agent is to be made to ask for a call. */
  needsApproval(call: ProposedCall): boolean
  /** Calls that waited in an earlier sandbox, and to which this agent cannot come back. */
  giveUp(toolUseIds: readonly string[]): void
  /** Decisions about calls that do not wait change nothing. */
  answer(answer: Pick<ApprovalAnswer, 'tool_use_id' | 'decision' | 'reason'>): void
  /** Ends every wait, because the turn was interrupted or has ended. */
  cancelAll(): void
  /** Sees every message of the agent: it may give a call up by itself. */
  observe(message: unknown): void
  isWaiting(): boolean
}

type Decided = Pick<ApprovalAnswer, 'decision' | 'reason'>

const LOST = 'The sandbox was lost while this call waited for an approval.'

const ENDED: Decided = { decision: 'withdraw', reason: 'The turn ended before anybody answered.' }

export function createApprovals({ send, turnId }: ApprovalsOptions): Approvals {
  const waiting = new Map<string, (decided: Decided) => void>()
  const decisions = new Map<string, Decided>()
  let rules: AskingRules | undefined
  let hasPerson = false

  const turn = () => {
    const id = turnId()
    return id === undefined ? {} : { turn_id: id }
  }
  const settle = (toolUseId: string, decided: Decided): boolean => {
    const resolve = waiting.get(toolUseId)
    if (resolve === undefined) return false
    waiting.delete(toolUseId)
    resolve(decided)
    return true
  }
  const close = (toolUseId: string) => {
    if (!waiting.has(toolUseId)) return
    send({ type: 'approval_closed', ...turn(), tool_use_id: toolUseId, by: 'turn_ended' })
    settle(toolUseId, ENDED)
  }

  const giveUp = (toolUseId: string, by: ApprovalClosed['by'], reason: string) => {
    const call = { ...turn(), tool_use_id: toolUseId }
    send({ type: 'approval_closed', ...call, by })
    send({ type: 'tool_ended', ...call, outcome: 'denied', reason })
  }

  return {
    // Its signal is not heard: it is raised for an agent that died, too, whose call waits on.
    ask: async (name, input, { agentID, description, title, toolUseID }) => {
      const known = decisions.get(toolUseID)
      if (known !== undefined) return permission(known, input)
      const decided = new Promise<Decided>((resolve) => waiting.set(toolUseID, resolve))
      const { value, cut } = bounded(input)
      send({
        type: 'approval_requested',
        ...turn(),
        tool_use_id: toolUseID,
        name,
        input: value,
        input_cut: cut,
        ...(agentID === undefined ? {} : { agent_id: agentID }),
        ...(title === undefined ? {} : { title }),
        ...(description === undefined ? {} : { description }),
      })
      return permission(await decided, input)
    },
    get hasPerson() {
      return hasPerson
    },
    open({ asked_calls: calls, options }, clientTools) {
      for (const { decision, reason, tool_use_id: toolUseId } of calls ?? []) {
        if (decision != null) decisions.set(toolUseId, { decision, reason: reason ?? null })
      }
      const { allowed_tools: allowedTools, setting_sources: settingSources } = options
      if (options.approvals === 'ask') rules = { allowedTools, clientTools, settingSources }
      hasPerson = rules !== undefined || calls?.some(({ over }) => !over) === true
    },
    needsApproval: (call) => rules !== undefined && needsApproval(call, rules),
    giveUp(toolUseIds) {
      for (const toolUseId of toolUseIds) giveUp(toolUseId, 'sandbox_lost', LOST)
    },
    answer({ decision, reason, tool_use_id: toolUseId }) {
      settle(toolUseId, { decision, reason: reason ?? null })
    },
    cancelAll() {
      for (const toolUseId of [...waiting.keys()]) close(toolUseId)
    },
    observe(message) {
      for (const { toolUseId } of toolResults(message)) close(toolUseId)
      const dropped = droppedCall(message)
      if (dropped !== undefined) giveUp(dropped.id, 'turn_ended', DROPPED)
    },
    isWaiting: () => waiting.size > 0,
  }
}

function permission({ decision, reason }: Decided, input: Record<string, unknown>) {
  switch (decision) {
    case 'allow':
      return { behavior: 'allow', updatedInput: input } satisfies PermissionResult
    case 'deny':
      return refused('The user denied this call; it did not run.', reason)
    case 'withdraw':
      return refused('This call was withdrawn before anybody allowed it; it did not run.', reason)
    default:
      return decision satisfies never
  }
}

function refused(what: string, reason: string | null | undefined): PermissionResult {
  return { behavior: 'deny', message: reason == null ? what : `${what} ${reason}` }
}
