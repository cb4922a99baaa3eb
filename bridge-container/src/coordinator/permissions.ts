import type { CanUseTool } from '@anthropic-ai/claude-agent-sdk'

/** Stands in a list of allowed tools for all of them. */
export const EVERY_TOOL = '*'

export interface PermissionRules {
  readonly allowedTools: readonly string[]
  /** Names of the servers whose tools a client executes. */
  readonly clientServers: readonly string[]
}

/**
 * Answers what neither mode nor rules decide: a person does, or, where nobody can be asked, the
 * answer is no. Tools that the client has announced itself are allowed.
 */
export function decidePermission(rules: PermissionRules, ask?: CanUseTool): CanUseTool {
  const allowAll = rules.allowedTools.includes(EVERY_TOOL)
  return async (toolName, input, options) => {
    const { mcpServer } = options
    const ofClient = mcpServer?.source === 'sdk' && rules.clientServers.includes(mcpServer.name)
    if (allowAll || ofClient) return { behavior: 'allow', updatedInput: input }
    if (ask !== undefined) return ask(toolName, input, options)
    return {
      behavior: 'deny',
      message:
        `${toolName} needs an approval, and this session has nobody to give one. ` +
        'Go on without it, or tell the user that it has to be among the allowed tools.',
    }
  }
}
