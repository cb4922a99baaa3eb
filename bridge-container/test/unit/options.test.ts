import { expect, test } from 'vitest'
import { createApprovals } from '../../src/coordinator/approvals.ts'
import { createClientTools } from '../../src/coordinator/client-tools.ts'
import { agentEnvironment } from '../../src/coordinator/environment.ts'
import { OperationIds } from '../../src/coordinator/operation-ids.ts'
import { type AgentSetup, sdkOptions } from '../../src/coordinator/options.ts'
import { decidePermission } from '../../src/coordinator/permissions.ts'
import { createToolJournal } from '../../src/coordinator/tool-journal.ts'
import type { AgentOptions } from '../../src/generated/bridge-command.ts'
import { manualClock } from '../support/manual-clock.ts'
import { agentOptions } from '../support/options.ts'
import { examples } from '../support/schema.ts'

const SESSION = '8f14e45f-ceea-467f-9575-6f1d2c1b9d1a'

function setup(options: AgentOptions, changes: Partial<AgentSetup> = {}): AgentSetup {
  return {
    sessionId: SESSION,
    resume: false,
    resumeReason: undefined,
    unknownCalls: [],
    options,
    clientTools: createClientTools({
      servers: options.client_servers,
      timeoutMs: 1_000,
      clock: manualClock(),
      newId: () => 'id',
      send: () => {},
      turnId: () => undefined,
    }),
    toolJournal: createToolJournal({
      send: () => 1,
      turnId: () => undefined,
      operations: new OperationIds(),
    }),
    approvals: createApprovals({ send: () => {}, turnId: () => undefined }),
    sessionStore: { append: async () => {}, load: async () => null },
    spawn: () => {
      throw new Error('not here')
    },
    ...changes,
  }
}

test('the golden open command becomes the options of the Agent SDK', () => {
  const golden = examples('bridge-command').find(({ file }) => file.includes('open'))
  const { options } = JSON.parse(golden?.text ?? '')

  const mapped = sdkOptions(setup(options, { resume: true, resumeReason: 'killed' }))

  expect(mapped).toMatchObject({
    model: 'claude-sonnet-4-5-20250929',
    fallbackModel: 'claude-haiku-4-5',
    maxTurns: 10,
    maxBudgetUsd: 0.5,
    maxThinkingTokens: 1024,
    systemPrompt: 'Be brief.',
    tools: ['Bash', 'Read'],
    allowedTools: ['Bash', 'mcp__inline-tools__weather'],
    disallowedTools: ['WebSearch'],
    agents: { reviewer: { description: 'Reviews', prompt: 'Review.' } },
    betas: ['context-1m'],
    permissionMode: 'bypassPermissions',
    allowDangerouslySkipPermissions: true,
    outputFormat: { type: 'json_schema', schema: { type: 'object' } },
    settingSources: ['project'],
    resume: SESSION,
    resumeSessionAt: 'b3c9b3a0-0000-4000-8000-000000000001',
    cwd: '/workspace/project',
    includePartialMessages: true,
    mcpServersDelivery: 'initialize',
    sessionStoreFlush: 'eager',
  })
  expect(mapped.mcpServers?.files).toEqual({ type: 'stdio', command: 'npx', args: ['x'] })
  expect(mapped.mcpServers?.['inline-tools']).toMatchObject({ type: 'sdk', name: 'inline-tools' })
  expect(mapped.env).toMatchObject({ DISABLE_PROMPT_CACHING: '1' })
  expect(mapped).not.toHaveProperty('sessionId')
})

test('what a client left out is left out', () => {
  const mapped = sdkOptions(setup(agentOptions({ permission_mode: 'default', max_turns: null })))

  expect(mapped).toMatchObject({ sessionId: SESSION, settingSources: [], allowedTools: [] })
  const absent = [
    'resume',
    'resumeSessionAt',
    'maxTurns',
    'systemPrompt',
    'tools',
    'agents',
    'betas',
  ]
  for (const name of [...absent, 'outputFormat', 'allowDangerouslySkipPermissions']) {
    expect(mapped).not.toHaveProperty(name)
  }
  expect(mapped.canUseTool).toBeTypeOf('function')
})

test('hooks sit at every tool call and decide nothing', async () => {
  const { hooks } = sdkOptions(setup(agentOptions()))

  expect(Object.keys(hooks ?? {})).toEqual(['PreToolUse', 'PostToolUse', 'PostToolUseFailure'])
  const hook = hooks?.PreToolUse?.[0]?.hooks[0]
  const signal = new AbortController().signal
  expect(await hook?.({} as never, 'toolu_1', { signal })).toEqual({})
})

test('nobody approves, but for all tools where all are allowed and for the client its own', async () => {
  const details = { signal: new AbortController().signal, toolUseID: 't', requestId: 'r' }
  const ofClient = { ...details, mcpServer: { name: 'inline-tools', source: 'sdk' } }
  const strict = decidePermission({ allowedTools: ['Read'], clientServers: ['inline-tools'] })
  const lenient = decidePermission({ allowedTools: ['*'], clientServers: [] })

  expect(await strict('Bash', {}, details)).toMatchObject({ behavior: 'deny' })
  expect(await strict('mcp__inline-tools__x', {}, ofClient)).toMatchObject({ behavior: 'allow' })
  expect(await lenient('Bash', { command: 'ls' }, details)).toEqual({
    behavior: 'allow',
    updatedInput: { command: 'ls' },
  })
  const impostor = { ...details, mcpServer: { name: 'inline-tools', source: 'project' } }
  expect(await strict('mcp__inline-tools__x', {}, impostor)).toMatchObject({ behavior: 'deny' })
})

test("the agent's environment holds nothing of the bridge and lets no one take the platform's names", () => {
  const environment = agentEnvironment({
    requested: {
      MY_OWN: 'kept',
      LANG: 'de_DE.UTF-8',
      ANTHROPIC_MODEL: 'kept-too',
      ANTHROPIC_API_KEY: 'stolen',
      ANTHROPIC_AUTH_TOKEN: 'stolen',
      ANTHROPIC_BASE_URL: 'http://elsewhere',
      CLAUDE_CONFIG_DIR: '/tmp',
      CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1',
      CLAUDE_CODE_USE_BEDROCK: '1',
      https_proxy: 'http://elsewhere',
      ALL_PROXY: 'http://elsewhere',
      PATH: '/tmp',
      HOME: '/tmp',
      LD_PRELOAD: '/tmp/x.so',
      NODE_OPTIONS: '--require /tmp/x.js',
      BERTH_SANDBOX_ID: 'sb-other',
      'NOT A NAME': 'x',
      NUL: 'a\0b',
    },
    resume: false,
    resumeReason: undefined,
  })

  expect(environment).toMatchObject({
    MY_OWN: 'kept',
    LANG: 'de_DE.UTF-8',
    ANTHROPIC_MODEL: 'kept-too',
    ANTHROPIC_API_KEY: 'sandbox-has-no-key',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:17001',
    https_proxy: 'http://127.0.0.1:17002',
    HOME: '/home/agent',
    CLAUDE_CONFIG_DIR: '/home/agent/.claude',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  })
  expect(JSON.stringify(environment)).not.toMatch(
    /stolen|elsewhere|\/tmp\/|sb-other|NOT A NAME|NUL/,
  )
  expect(Object.keys(environment)).not.toContain('CLAUDE_CODE_RESUME_INTERRUPTED_TURN')
})

test('a cut turn is continued only for a reason', () => {
  const requested = {}
  const withReason = agentEnvironment({ requested, resume: true, resumeReason: 'host_lost' })
  const without = agentEnvironment({ requested, resume: true, resumeReason: undefined })

  expect(withReason).toMatchObject({
    CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1',
    CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS: '1',
    CLAUDE_CODE_RESUME_REASON: 'host_lost',
  })
  expect(without).toMatchObject({
    CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS: '1',
    CLAUDE_CODE_DROP_UNAVAILABLE_DEFERRED_TOOL: '1',
  })
  expect(without).not.toHaveProperty('CLAUDE_CODE_RESUME_INTERRUPTED_TURN')
})

test('a notice is said to the model with the prompt that continues a cut turn', () => {
  const input = { requested: {}, resume: true, resumeReason: 'host_lost' }
  const told = agentEnvironment({ ...input, resumeNotice: 'Files are missing.' })

  expect(told).toMatchObject({
    CLAUDE_CODE_RESUME_PROMPT: 'Continue from where you left off.\nFiles are missing.',
  })
  expect(agentEnvironment(input)).not.toHaveProperty('CLAUDE_CODE_RESUME_PROMPT')
})

test('the model is told of calls that may have run', () => {
  const { CLAUDE_CODE_RESUME_PROMPT } = agentEnvironment({
    requested: {},
    resume: true,
    resumeReason: 'killed',
    unknownCalls: [{ tool_use_id: 'toolu_1', name: 'Bash' }],
  })

  expect(CLAUDE_CODE_RESUME_PROMPT).toMatch(
    /^Continue from where you left off\.\n<system-reminder>/,
  )
  expect(CLAUDE_CODE_RESUME_PROMPT).toContain('Bash (toolu_1)')
})

test('the Agent SDK gets the time limits of tools, and a client cannot raise them', () => {
  const limits = (requested: Record<string, string>, toolMs: number, clientToolMs: number) => {
    const { BASH_DEFAULT_TIMEOUT_MS, BASH_MAX_TIMEOUT_MS, MCP_TOOL_TIMEOUT } = agentEnvironment({
      requested,
      resume: false,
      resumeReason: undefined,
      toolLimits: { toolMs, clientToolMs },
    })
    return [BASH_DEFAULT_TIMEOUT_MS, BASH_MAX_TIMEOUT_MS, MCP_TOOL_TIMEOUT]
  }

  expect(limits({}, 3_600_000, 600_000)).toEqual(['120000', '600000', '3600000'])
  expect(limits({ BASH_MAX_TIMEOUT_MS: '7200000' }, 3_600_000, 1)).toEqual([
    '120000',
    '3600000',
    '3600000',
  ])
  expect(limits({ BASH_DEFAULT_TIMEOUT_MS: 'soon' }, 5_000, 0)).toEqual(['5000', '5000', '5000'])
  expect(limits({}, 60_000, 600_000)).toEqual(['60000', '60000', '610000'])
})
