import type { Options, Query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Turn } from './turns.ts'

/** The one function of the Agent SDK that the bridge uses. */
export type QueryFunction = (params: {
  prompt: AsyncIterable<SDKUserMessage>
  options: Options
}) => Pick<Query, 'interrupt' | 'initializationResult' | typeof Symbol.asyncIterator>

/** A conversation with the Agent SDK that takes messages until its input is closed. */
export interface Agent {
  give(turn: Turn): void
  interrupt(): Promise<void>
  closeInput(): void
  /** Resolves when the agent takes messages; never, when it does not come up. */
  readonly ready: Promise<void>
  /** Resolves when the stream is over, with what the SDK had to say about it. */
  readonly ended: Promise<unknown>
}

export function startAgent(
  query: QueryFunction,
  options: Options,
  onMessage: (message: unknown) => void,
): Agent {
  const input = createInput()
  const conversation = query({ prompt: input.messages(), options })

  const read = async (): Promise<unknown> => {
    try {
      for await (const message of conversation) onMessage(message)
      return undefined
    } catch (error) {
      return error
    }
  }

  return {
    give: (turn) => input.push(toUserMessage(turn)),
    interrupt: async () => {
      await conversation.interrupt()
    },
    closeInput: () => input.close(),
    // An agent that cannot come up says so at the end of its stream, too.
    ready: conversation.initializationResult().then(
      () => {},
      () => new Promise<void>(() => {}),
    ),
    ended: read(),
  }
}

function toUserMessage({ messageId, content }: Turn): SDKUserMessage {
  return {
    type: 'user',
    uuid: messageId as NonNullable<SDKUserMessage['uuid']>,
    message: { role: 'user', content: content as SDKUserMessage['message']['content'] },
    parent_tool_use_id: null,
  }
}

interface Input {
  push(message: SDKUserMessage): void
  close(): void
  messages(): AsyncGenerator<SDKUserMessage>
}

function createInput(): Input {
  const waiting: SDKUserMessage[] = []
  let closed = false
  let wake = () => {}
  return {
    push(message) {
      waiting.push(message)
      wake()
    },
    close() {
      closed = true
      wake()
    },
    async *messages() {
      while (true) {
        const message = waiting.shift()
        if (message !== undefined) {
          yield message
        } else if (closed) {
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    },
  }
}
