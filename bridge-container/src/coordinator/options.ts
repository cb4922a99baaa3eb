import type { McpServerConfig, Options, SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { AgentOptions, UnknownCall } from '../generated/bridge-command.ts'
import type { ClientTools } from './client-tools.ts'
import { agentEnvironment, type ToolLimits } from './environment.ts'
import { PROJECT_FOLDER } from './layout.ts'
import { decidePermission, EVERY_TOOL } from './permissions.ts'
import type { ToolJournal } from './tool-journal.ts'

export interface AgentSetup {
  readonly sessionId: string
  readonly resume: boolean
  readonly resumeReason: string | undefined
  readonly unknownCalls: readonly UnknownCall[]
  readonly resumeNotice?: string | undefined
  readonly toolLimits?: ToolLimits | undefined
  readonly options: AgentOptions
  readonly clientTools: ClientTools
  readonly toolJournal: ToolJournal
  readonly sessionStore: SessionStore
  readonly spawn: NonNullable<Options['spawnClaudeCodeProcess']>
}

/**
 * The Agent SDK's options for a session. What the client chose arrives checked and in the SDK's own
 * shapes, and is passed on as it is; everything else is the platform's.
 */
export function sdkOptions(setup: AgentSetup): Options {
  const { clientTools, options, resume, resumeNotice, resumeReason, sessionId, unknownCalls } =
    setup
  return {
    ...chosen(options),
    ...permissions(options, clientTools, setup.toolJournal),
    ...(resume ? { resume: sessionId } : { sessionId }),
    ...(resume && options.resume_session_at != null
      ? { resumeSessionAt: options.resume_session_at }
      : {}),
    cwd: PROJECT_FOLDER,
    env: agentEnvironment({
      requested: options.env,
      resume,
      resumeReason,
      unknownCalls,
      resumeNotice,
      toolLimits: setup.toolLimits,
    }),
    mcpServers: mcpServers(options, clientTools),
    mcpServersDelivery: 'initialize',
    includePartialMessages: true,
    hooks: setup.toolJournal.hooks,
    sessionStore: setup.sessionStore,
    sessionStoreFlush: 'eager',
    spawnClaudeCodeProcess: setup.spawn,
  }
}

function chosen(options: AgentOptions): Options {
  return withoutAbsent({
    model: options.model,
    fallbackModel: options.fallback_model,
    maxTurns: options.max_turns,
    maxBudgetUsd: options.max_budget_usd,
    maxThinkingTokens: options.max_thinking_tokens,
    systemPrompt: options.system_prompt,
    tools: options.tools,
    agents: Object.keys(options.agents).length === 0 ? undefined : options.agents,
    betas: options.betas.length === 0 ? undefined : options.betas,
    outputFormat: options.output_format,
    settingSources: options.setting_sources,
    disallowedTools: options.disallowed_tools,
  })
}

function permissions(
  options: AgentOptions,
  clientTools: ClientTools,
  toolJournal: ToolJournal,
): Options {
  const rules = {
    allowedTools: options.allowed_tools,
    clientServers: [...clientTools.servers.keys()],
  }
  return {
    permissionMode: options.permission_mode as NonNullable<Options['permissionMode']>,
    allowedTools: [
      ...options.allowed_tools.filter((tool) => tool !== EVERY_TOOL),
      ...clientTools.toolNames,
    ],
    ...(options.permission_mode === 'bypassPermissions'
      ? { allowDangerouslySkipPermissions: true }
      : { canUseTool: toolJournal.guarded(decidePermission(rules)) }),
  }
}

function mcpServers(
  options: AgentOptions,
  clientTools: ClientTools,
): Record<string, McpServerConfig> {
  const own = [...clientTools.servers].map(([name, instance]) => [
    name,
    { type: 'sdk', name, instance },
  ])
  // Of an in-process server the SDK calls nothing but `connect`.
  return { ...options.mcp_servers, ...Object.fromEntries(own) } as Record<string, McpServerConfig>
}

/** The SDK tells absent from null; the wire does not. */
function withoutAbsent(fields: Readonly<Record<string, unknown>>): Options {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Options
}
