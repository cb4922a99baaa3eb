import type { DurableFrame } from '../bridge-server/frame-log.ts'
import type { Clock, Timer } from '../clock.ts'
import type { ClientServer, ClientToolResult } from '../generated/bridge-command.ts'
import { toMcpContent } from './content.ts'
import { createClientToolServer, type InProcessServer, type ToolResult } from './mcp-server.ts'

export interface ClientToolsOptions {
  readonly servers: readonly ClientServer[]
  readonly timeoutMs: number
  readonly clock: Clock
  readonly newId: () => string
  readonly send: (frame: DurableFrame) => void
  /** The turn that is running, if one is. */
  readonly turnId: () => string | undefined
}

/** Tools that a client executes: each call goes out through the door and waits for its answer. */
export interface ClientTools {
  readonly servers: ReadonlyMap<string, InProcessServer>
  /** The names under which the model sees the tools; the client has announced them, so they are allowed. */
  readonly toolNames: readonly string[]
  /** Late and unknown answers change nothing. */
  answer(result: ClientToolResult): void
  /** Gives up every open call, because its turn was interrupted or has ended. */
  cancelAll(): void
}

interface OpenCall {
  readonly timer: Timer
  readonly settle: (result: ToolResult) => void
}

export function createClientTools(options: ClientToolsOptions): ClientTools {
  const { clock, newId, send, servers, timeoutMs, turnId } = options
  const open = new Map<string, OpenCall>()

  const settle = (callId: string, result: ToolResult): boolean => {
    const call = open.get(callId)
    if (call === undefined) return false
    open.delete(callId)
    call.timer.cancel()
    call.settle(result)
    return true
  }

  const giveUp = (callId: string, outcome: 'timed_out' | 'cancelled', text: string) => {
    if (settle(callId, failure(text)))
      send({ type: 'client_tool_closed', call_id: callId, outcome })
  }

  const call = (
    server: string,
    tool: string,
    input: unknown,
    signal: AbortSignal,
    toolUseId: string | undefined,
  ) =>
    new Promise<ToolResult>((resolve) => {
      const callId = newId()
      const timer = clock.after(timeoutMs, () => {
        giveUp(callId, 'timed_out', `The client did not answer within ${seconds(timeoutMs)}.`)
      })
      open.set(callId, { timer, settle: resolve })
      signal.addEventListener('abort', () => giveUp(callId, 'cancelled', CANCELLED))
      const turn = turnId()
      send({
        type: 'client_tool_call',
        ...(turn === undefined ? {} : { turn_id: turn }),
        call_id: callId,
        server,
        tool,
        input,
        ...(toolUseId === undefined ? {} : { tool_use_id: toolUseId }),
      })
    })

  return {
    servers: new Map(
      servers.map((server) => [
        server.name,
        createClientToolServer(server, (tool, input, signal, toolUseId) =>
          call(server.name, tool.name, input, signal, toolUseId),
        ),
      ]),
    ),
    toolNames: servers.flatMap((server) =>
      server.tools.map((tool) => `mcp__${wireName(server.name)}__${wireName(tool.name)}`),
    ),
    answer({ call_id, content, is_error }) {
      settle(call_id, { content: toMcpContent(content), isError: is_error })
    },
    cancelAll() {
      for (const callId of [...open.keys()]) giveUp(callId, 'cancelled', CANCELLED)
    },
  }
}

const CANCELLED = 'The call was cancelled.'

function failure(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`
}

/** The agent replaces what a tool's name cannot hold. */
function wireName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
}
