import type { AgentOptions } from '../../src/generated/bridge-command.ts'

/** Options with which an agent asks nobody. */
export function agentOptions(changes: Partial<AgentOptions> = {}): AgentOptions {
  return {
    model: 'claude-sonnet-4-5-20250929',
    allowed_tools: [],
    disallowed_tools: [],
    mcp_servers: {},
    client_servers: [],
    client_tool_timeout_ms: 600_000,
    agents: {},
    betas: [],
    permission_mode: 'bypassPermissions',
    env: {},
    setting_sources: [],
    ...changes,
  }
}
