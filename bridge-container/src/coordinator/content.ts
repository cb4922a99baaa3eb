import { isObject } from '../bridge-server/shape.ts'

/** An item of a tool result as MCP has it. */
export type McpContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'audio'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'resource'; readonly resource: Readonly<Record<string, unknown>> }

/** Turns what a client sent into what MCP accepts; what it cannot place becomes text. */
export function toMcpContent(items: readonly unknown[]): McpContent[] {
  return items.map(toMcpItem)
}

function toMcpItem(item: unknown): McpContent {
  if (!isObject(item)) return asText(item)
  switch (item.type) {
    case 'text':
      return typeof item.text === 'string' ? { type: 'text', text: item.text } : asText(item)
    case 'image':
    case 'audio':
      return typeof item.data === 'string' && typeof item.mimeType === 'string'
        ? { type: item.type, data: item.data, mimeType: item.mimeType }
        : asText(item)
    case 'resource':
      return toMcpResource(item) ?? asText(item)
    default:
      return asText(item)
  }
}

/** Clients send resources flat; MCP nests them. */
function toMcpResource(item: Record<string, unknown>): McpContent | undefined {
  const { uri, mimeType, text, blob } = isObject(item.resource) ? item.resource : item
  if (typeof uri !== 'string') return undefined
  const body = typeof blob === 'string' ? { blob } : { text: typeof text === 'string' ? text : '' }
  const kind = typeof mimeType === 'string' ? { mimeType } : {}
  return { type: 'resource', resource: { uri, ...kind, ...body } }
}

function asText(value: unknown): McpContent {
  return { type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }
}
