import { isObject } from '../bridge-server/shape.ts'
import type { ClientServer, ClientTool } from '../generated/bridge-command.ts'
import type { McpContent } from './content.ts'

/** What a call of a client's tool comes to. */
export interface ToolResult {
  readonly content: readonly McpContent[]
  readonly isError: boolean
}

/** @param toolUseId the id of the model's call, where the Agent SDK says it */
export type CallTool = (
  tool: ClientTool,
  input: Record<string, unknown>,
  signal: AbortSignal,
  toolUseId: string | undefined,
) => Promise<ToolResult>

type Message = Record<string, unknown>

/** The part of an MCP transport that a server needs; the Agent SDK brings one per server. */
interface Transport {
  onmessage?: (message: Message) => void
  onclose?: () => void
  start?(): Promise<void>
  send(message: Message): Promise<void>
}

/** A server in this process, as the Agent SDK wants to connect it. */
export interface InProcessServer {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
}

const PROTOCOL_VERSION = '2025-06-18'
const METHOD_NOT_FOUND = -32_601
const INVALID_PARAMS = -32_602

/**
 * An MCP server that lists a client's tools with their schemas untouched and hands each call on.
 * The few messages of the protocol that tools need are all that it speaks: the SDK's own helper
 * would rebuild the schemas.
 */
export function createClientToolServer(server: ClientServer, call: CallTool): InProcessServer {
  const open = new Map<unknown, AbortController>()
  const tools = new Map(server.tools.map((tool) => [tool.name, tool]))

  const callTool = async (id: unknown, params: Message): Promise<Message> => {
    const tool = tools.get(String(params.name))
    if (tool === undefined) throw new RpcError(INVALID_PARAMS, `Unknown tool: ${params.name}`)
    const controller = new AbortController()
    open.set(id, controller)
    try {
      const input = isObject(params.arguments) ? params.arguments : {}
      return { ...(await call(tool, input, controller.signal, toolUseIdIn(params._meta))) }
    } finally {
      open.delete(id)
    }
  }

  const answer = async (id: unknown, method: unknown, params: Message): Promise<Message> => {
    switch (method) {
      case 'initialize':
        return {
          protocolVersion:
            typeof params.protocolVersion === 'string' ? params.protocolVersion : PROTOCOL_VERSION,
          capabilities: { tools: {} },
          serverInfo: { name: server.name, version: server.version ?? '0.0.0' },
        }
      case 'ping':
        return {}
      case 'tools/list':
        return { tools: server.tools.map(describe) }
      case 'tools/call':
        return callTool(id, params)
      default:
        throw new RpcError(METHOD_NOT_FOUND, `Unknown method: ${method}`)
    }
  }

  return {
    async connect(transport) {
      transport.onmessage = (message) => {
        const params = isObject(message.params) ? message.params : {}
        if (message.method === 'notifications/cancelled') open.get(params.requestId)?.abort()
        if (message.id === undefined || message.method === undefined) return
        const reply = (body: Message) => transport.send({ jsonrpc: '2.0', id: message.id, ...body })
        answer(message.id, message.method, params)
          .then(
            (result) => reply({ result }),
            (error: unknown) => reply({ error: toRpcError(error) }),
          )
          // Whoever asked is gone.
          .catch(() => {})
      }
      await transport.start?.()
    },
    async close() {
      for (const controller of open.values()) controller.abort()
    },
  }
}

/** The Agent SDK names the model's call to every MCP server. */
const TOOL_USE_ID = 'claudecode/toolUseId'

function toolUseIdIn(meta: unknown): string | undefined {
  const id = isObject(meta) ? meta[TOOL_USE_ID] : undefined
  return typeof id === 'string' ? id : undefined
}

class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

function toRpcError(error: unknown): Message {
  return error instanceof RpcError
    ? { code: error.code, message: error.message }
    : { code: -32_603, message: 'The tool call failed inside the sandbox.' }
}

/** MCP insists on an object schema; where a client left the type out, it is said for it. */
function describe({ name, description, input_schema }: ClientTool): Message {
  const schema = isObject(input_schema) ? input_schema : {}
  const inputSchema = schema.type === undefined ? { type: 'object', ...schema } : schema
  return { name, description, inputSchema }
}
