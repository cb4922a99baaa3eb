import type { Options, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { QueryFunction } from '../../src/coordinator/agent.ts'

/** An Agent SDK that says what a test makes it say. */
export interface ScriptedAgent {
  readonly query: QueryFunction
  readonly given: SDKUserMessage[]
  readonly interrupts: number
  readonly options: Options | undefined
  readonly inputClosed: boolean
  say(message: object): void
  /** Takes the message as the real agent does: queued, started, an answer, its result, completed. */
  answer(messageId: string, result?: object): void
  end(error?: Error): void
  /** From now on an agent that is started never says that it is ready. */
  neverReady(): void
}

export function scriptedAgent(): ScriptedAgent {
  const given: SDKUserMessage[] = []
  const said: object[] = []
  let options: Options | undefined
  let interrupts = 0
  let inputClosed = false
  let over: { error: Error | undefined } | undefined
  let comesUp = true
  let wake = () => {}

  const readInput = async (prompt: AsyncIterable<SDKUserMessage>) => {
    for await (const message of prompt) given.push(message)
    inputClosed = true
  }
  async function* stream() {
    while (true) {
      const message = said.shift()
      if (message !== undefined) yield message as never
      else if (over?.error !== undefined) throw over.error
      else if (over !== undefined) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  const say = (message: object) => {
    said.push(message)
    wake()
  }
  const lifecycle = (command_uuid: string, state: string) =>
    say({ type: 'command_lifecycle', command_uuid, state })

  return {
    given,
    get interrupts() {
      return interrupts
    },
    get options() {
      return options
    },
    get inputClosed() {
      return inputClosed
    },
    query(params) {
      options = params.options
      void readInput(params.prompt)
      return {
        interrupt: async () => {
          interrupts += 1
          return undefined
        },
        initializationResult: () =>
          comesUp ? Promise.resolve({} as never) : new Promise<never>(() => {}),
        [Symbol.asyncIterator]: stream,
      }
    },
    say,
    answer(messageId, result = {}) {
      lifecycle(messageId, 'queued')
      lifecycle(messageId, 'started')
      say({ type: 'assistant', message: { content: [] } })
      const success = {
        type: 'result',
        subtype: 'success',
        is_error: false,
        stop_reason: 'end_turn',
      }
      say({ ...success, user_message_uuids: [messageId], ...result })
      lifecycle(messageId, 'completed')
    },
    neverReady() {
      comesUp = false
    },
    end(error) {
      over = { error }
      wake()
    },
  }
}
