import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { vi } from 'vitest'
import type { Call, FromAgent, Plan, SdkMessage, ToAgent } from '../agent/wire.ts'
import { killMarked, processOf, RUN_MARK } from './process-tree.ts'

const MAIN = new URL('../../../dist/conformance/main.js', import.meta.url).pathname
export const PATIENCE = { timeout: 30_000, interval: 20 }

/** Answers a callback of the Agent SDK; one that throws here throws there. */
export type Answer = (call: Call) => unknown
export const NEVER = new Promise<never>(() => {})

/** One run of the Agent SDK, from its start to its end or its death. */
export class Agent {
  readonly messages: SdkMessage[] = []
  /** Callbacks that the Agent SDK called, in their order. */
  readonly calls: Call[] = []
  readonly #mark = randomUUID()
  readonly #process: ChildProcessWithoutNullStreams
  readonly #answer: Answer
  readonly #receipts: unknown[] = []
  #ended: { readonly thrown: string | null } | undefined
  #stderr = ''

  constructor(plan: Plan, answer: Answer) {
    this.#answer = answer
    const options = plan.options as { readonly env: Record<string, string> }
    const env = { ...options.env, [RUN_MARK]: this.#mark }
    this.#process = spawn(process.execPath, [MAIN], {
      env: { ...process.env, [RUN_MARK]: this.#mark },
    })
    this.#process.stdin.on('error', () => {})
    this.#process.stderr.on('data', (text: Buffer) => {
      this.#stderr += text.toString()
    })
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.#hear(JSON.parse(line) as FromAgent)
    })
    this.#tell({ type: 'plan', plan: { ...plan, options: { ...plan.options, env } } })
  }

  /** Gives a message and returns its uuid. */
  say(text: string, uuid: string = randomUUID()): string {
    this.#tell({ type: 'say', text, uuid })
    return uuid
  }

  async interrupt(): Promise<unknown> {
    this.#tell({ type: 'interrupt' })
    return this.until('the receipt of an interrupt', () => this.#receipts[0])
  }

  /** Ends the Agent SDK as a host does that has no more to say, and tells what it threw, if so. */
  async close(): Promise<string | null> {
    this.#tell({ type: 'close_input' })
    return this.ended()
  }

  async ended(): Promise<string | null> {
    return (await this.until('the end of the stream', () => this.#ended)).thrown
  }

  /** The loss of a container: this process and all that it started, at once. */
  async kill(): Promise<void> {
    const runs = this.#process.exitCode === null && this.#process.signalCode === null
    const exit = runs ? once(this.#process, 'exit') : undefined
    killMarked(this.#mark)
    await exit
  }

  /** Sends a signal to the agent's own process alone. */
  signalAgent(signal: NodeJS.Signals): void {
    const pid = processOf(this.#mark, '--output-format')
    if (pid === undefined) throw new Error('no agent is running')
    process.kill(pid, signal)
  }

  messagesOf(type: string, subtype?: string): SdkMessage[] {
    return this.messages.filter(
      (message) => message.type === type && (subtype === undefined || message.subtype === subtype),
    )
  }

  /** Results, once there are so many. */
  async results(count: number): Promise<SdkMessage[]> {
    return this.until(`${count} results`, () => {
      const results = this.messagesOf('result')
      return results.length >= count ? results : undefined
    })
  }

  /** Which states the agent told of a message, in their order. */
  lifecycle(uuid: string): unknown[] {
    return this.messagesOf('command_lifecycle')
      .filter(({ command_uuid }) => command_uuid === uuid)
      .map(({ state }) => state)
  }

  async untilState(uuid: string, state: string): Promise<void> {
    await this.until(
      `${state} of a message`,
      () => this.lifecycle(uuid).includes(state) || undefined,
    )
  }

  async called(method: Call['method'], name: string): Promise<Call> {
    return this.until(`a call of ${method} ${name}`, () =>
      this.calls.find((call) => call.method === method && call.name === name),
    )
  }

  /** Waits for something to be there, and tells what was there instead. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    return vi.waitFor(() => {
      const found = look()
      if (found !== undefined) return found
      const said = this.messages.map(({ type, subtype }) => subtype ?? type).join(' ')
      throw new Error(`${what} did not come; came: ${said}; stderr: ${this.#stderr.slice(-2_000)}`)
    }, PATIENCE)
  }

  async #reply(id: number, call: Call): Promise<void> {
    try {
      this.#tell({ type: 'answer', id, value: (await this.#answer(call)) ?? null })
    } catch {
      this.#tell({ type: 'fail', id })
    }
  }

  #tell(line: ToAgent): void {
    this.#process.stdin.write(`${JSON.stringify(line)}\n`)
  }

  #hear(line: FromAgent): void {
    switch (line.type) {
      case 'message':
        this.messages.push(line.message)
        return
      case 'call':
        this.calls.push(line.call)
        void this.#reply(line.id, line.call)
        return
      case 'interrupted':
        this.#receipts.push(line.receipt)
        return
      case 'ended':
        this.#ended = { thrown: line.thrown }
        return
      default:
        line satisfies never
    }
  }
}
