import { isObject } from '../bridge-server/shape.ts'

export interface ToolResultOf {
  readonly toolUseId: string
  readonly isError: boolean
  /** Why the call was not allowed to run, where that is why it has no other result. */
  readonly refusal?: string
}

/** What the model is told of a refusal is longer than what a reader of the log needs. */
const MAX_REFUSAL = 1000

/** The results of tools in a message of the agent, or in an entry of its transcript. */
export function toolResults(message: unknown): ToolResultOf[] {
  if (!isObject(message) || message.type !== 'user' || !isObject(message.message)) return []
  const { content } = message.message
  if (!Array.isArray(content)) return []
  const refused = refusedCalls(message)
  return content
    .filter((block) => isObject(block) && block.type === 'tool_result')
    .map((block) => {
      const toolUseId = String(block.tool_use_id)
      const result = { toolUseId, isError: block.is_error === true }
      return refused.has(toolUseId) ? { ...result, refusal: text(block.content) } : result
    })
}

/** A call that was cut while it ran is said to be rejected, too, but by no decision. */
function refusedCalls({ tool_result_meta: meta }: Record<string, unknown>): ReadonlySet<string> {
  if (!Array.isArray(meta)) return new Set()
  return new Set(
    meta
      .filter((of) => isObject(of) && isObject(of.permission_decision))
      .filter(({ permission_decision: { decision } }) => decision === 'reject')
      .map(({ id }) => String(id)),
  )
}

function text(content: unknown): string {
  const blocks = Array.isArray(content) ? content : [{ text: content }]
  const texts = blocks.map((block) => (isObject(block) ? block.text : undefined))
  return texts
    .filter((part) => typeof part === 'string')
    .join('\n')
    .trim()
    .slice(0, MAX_REFUSAL)
}
