import { isObject } from '../bridge-server/shape.ts'

export interface ToolResultOf {
  readonly toolUseId: string
  readonly isError: boolean
}

/** The results of tools in a message of the agent, or in an entry of its transcript. */
export function toolResults(message: unknown): ToolResultOf[] {
  if (!isObject(message) || message.type !== 'user' || !isObject(message.message)) return []
  const { content } = message.message
  if (!Array.isArray(content)) return []
  return content
    .filter((block) => isObject(block) && block.type === 'tool_result')
    .map((block) => ({ toolUseId: String(block.tool_use_id), isError: block.is_error === true }))
}
