import { isObject } from '../bridge-server/shape.ts'
import type { AskedCall, Open } from '../generated/bridge-command.ts'
import { toolResults } from './tool-results.ts'

export interface CutCallsOptions {
  /** Calls for which a person was asked and that never started, oldest first. */
  readonly asked: readonly AskedCall[]
  /** Calls of the turn that is taken up that may have run. */
  readonly started: readonly string[]
  /** Whether the agent takes up the turn that was cut. */
  readonly takesUp: boolean
  readonly newId: () => string
}

const NEVER_RAN =
  'This call did not run: the sandbox was lost before it began. Make it again if it is still needed.'

const MAY_HAVE_RUN =
  'The sandbox was lost after this call began, and its result with it: the outcome is unknown. ' +
  'Look at what it may have done before you make it again.'

interface Call {
  readonly name: string
  readonly input: unknown
  /** The entry of the transcript that has the call. */
  readonly entry: Record<string, unknown>
  readonly modelMessage: unknown
}

/**
 * Reads a main transcript for calls that have no result, and says what is to be added to it. Left
 * alone, the Agent SDK takes a call that waited for a person for one that may have run, and forgets
 * it. It comes back to one call, of the latest turn, that a hook has deferred: it asks the hooks and
 * the permissions for it again, under its old id. So the first call that waits is marked like that,
 * behind everything else, and the other calls of its message get results that say how they stand.
 * A marked call that has begun meanwhile gets such a result, too: the mark is void with it, and the
 * turn goes on as any other that was cut.
 */
export class CutCalls {
  readonly #options: CutCallsOptions
  readonly #calls = new Map<string, Call>()
  readonly #answered = new Set<string>()
  #last: unknown
  #lastDeferred: unknown
  #additions: Record<string, unknown>[] = []
  #takenUp: string | undefined

  constructor(options: CutCallsOptions) {
    this.#options = options
  }

  static of(open: Open, newId: () => string): CutCalls {
    const { asked_calls: asked, resume_reason: reason, started_calls: started } = open
    return new CutCalls({
      asked: asked ?? [],
      started: started ?? [],
      takesUp: reason != null,
      newId,
    })
  }

  /** The call to which the agent comes back. */
  get takenUp(): string | undefined {
    return this.#takenUp
  }

  /** What `finish` added. */
  get additions(): readonly unknown[] {
    return this.#additions
  }

  /** Whether the transcript has a result of the call, or got one: then the model is told by it. */
  tells(toolUseId: string): boolean {
    return this.#answered.has(toolUseId)
  }

  /** Calls that waited, and wait no more. */
  notTakenUp(): string[] {
    return this.#options.asked
      .filter(({ over, tool_use_id: id }) => !over && id !== this.#takenUp)
      .map(({ tool_use_id: id }) => id)
  }

  clear(): void {
    this.#calls.clear()
    this.#answered.clear()
    this.#last = undefined
    this.#lastDeferred = undefined
  }

  read(entry: unknown): void {
    if (!isObject(entry) || entry.isSidechain === true) return
    if (typeof entry.uuid === 'string') this.#last = entry.uuid
    for (const { toolUseId } of toolResults(entry)) this.#answered.add(toolUseId)
    if (entry.type === 'attachment') this.#readAttachment(entry.attachment)
    else if (entry.type === 'assistant' && isObject(entry.message)) this.#readCalls(entry)
  }

  /** The transcript is read; gives the entries that belong behind it. */
  finish(timestamp: string): readonly unknown[] {
    const { asked, takesUp } = this.#options
    const cut = asked.filter(({ tool_use_id: id }) => this.#isCut(id))
    const first = takesUp ? cut.find(({ over }) => !over)?.tool_use_id : undefined
    const messages = new Set(cut.map(({ tool_use_id: id }) => this.#calls.get(id)?.modelMessage))
    for (const [id, call] of this.#calls) {
      if (id === first || !this.#isCut(id)) continue
      if (id !== this.#lastDeferred && !messages.has(call.modelMessage)) continue
      this.#addResult(id, call, timestamp)
    }
    const call = first === undefined ? undefined : this.#calls.get(first)
    if (first !== undefined && call !== undefined) {
      this.#takenUp = first
      const isLast = this.#lastDeferred === first && this.#additions.length === 0
      if (!isLast) this.#addDeferral(first, call, timestamp)
    }
    return this.#additions
  }

  #isCut(id: string): boolean {
    return this.#calls.has(id) && !this.#answered.has(id)
  }

  #readAttachment(attachment: unknown): void {
    if (isObject(attachment) && attachment.type === 'hook_deferred_tool') {
      this.#lastDeferred = attachment.toolUseID
    }
  }

  #readCalls(entry: Record<string, unknown>): void {
    const { message } = entry
    if (!isObject(message) || !Array.isArray(message.content)) return
    for (const block of message.content) {
      if (!isObject(block) || block.type !== 'tool_use') continue
      const { id, input, name } = block
      this.#calls.set(String(id), { name: String(name), input, entry, modelMessage: message.id })
    }
  }

  #addResult(id: string, { entry }: Call, timestamp: string): void {
    const content = this.#neverRan(id) ? NEVER_RAN : MAY_HAVE_RUN
    this.#answered.add(id)
    const result = { type: 'tool_result', tool_use_id: id, is_error: true, content }
    this.#add({
      ...context(entry),
      parentUuid: entry.uuid,
      type: 'user',
      message: { role: 'user', content: [result] },
      timestamp,
      toolUseResult: `Error: ${content}`,
      sourceToolAssistantUUID: entry.uuid,
    })
  }

  /** Of a turn that is not taken up nobody says which calls have started, but for those asked for. */
  #neverRan(id: string): boolean {
    const { asked, started, takesUp } = this.#options
    if (asked.some(({ tool_use_id: waited }) => waited === id)) return true
    return takesUp && !started.includes(id)
  }

  #addDeferral(id: string, { entry, input, name }: Call, timestamp: string): void {
    this.#add({
      ...context(entry),
      parentUuid: this.#last,
      type: 'attachment',
      attachment: {
        type: 'hook_deferred_tool',
        toolUseID: id,
        toolName: name,
        toolInput: input,
        hookName: 'berth',
        hookEvent: 'PreToolUse',
        permissionMode: 'default',
      },
      timestamp,
    })
  }

  #add(entry: Record<string, unknown>): void {
    const uuid = this.#options.newId()
    this.#additions.push({ ...entry, uuid })
    this.#last = uuid
  }
}

/** Where an entry was written, in the fields that every entry has. */
function context(entry: Record<string, unknown>): Record<string, unknown> {
  const { cwd, entrypoint, gitBranch, sessionId, userType, version } = entry
  return { isSidechain: false, cwd, entrypoint, gitBranch, sessionId, userType, version }
}
