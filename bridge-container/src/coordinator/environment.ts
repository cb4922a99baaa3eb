import type { UnknownCall } from '../generated/bridge-command.ts'
import {
  AGENT_HOME,
  CLAUDE_CONFIG_FOLDER,
  EGRESS_PORT,
  MODEL_PORT,
  OPERATION_SCRIPT,
} from './layout.ts'
import { noticesOf } from './notices.ts'

export interface EnvironmentInput {
  /** What the client asked for. */
  readonly requested: Readonly<Record<string, string>>
  readonly resume: boolean
  /** Why an earlier sandbox ended, when this one takes up its turn. */
  readonly resumeReason: string | undefined
  /** Tool calls of the turn that is taken up, of which nobody knows whether they ran. */
  readonly unknownCalls?: readonly UnknownCall[]
  /** What the model is to know before it goes on with that turn. */
  readonly resumeNotice?: string | undefined
  /** How long one tool call may run, and one that a client answers; 0 where there is none. */
  readonly toolLimits?: ToolLimits | undefined
}

export interface ToolLimits {
  readonly toolMs: number
  readonly clientToolMs: number
}

const LOOPBACK = 'localhost,127.0.0.1,::1'
const PROXY = `http://127.0.0.1:${EGRESS_PORT}`

/** Not a key: the worker adds the credential outside. */
export const DUMMY_API_KEY = 'sandbox-has-no-key'

const OWNED: Readonly<Record<string, string>> = {
  PATH: `${AGENT_HOME}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: AGENT_HOME,
  USER: 'agent',
  LOGNAME: 'agent',
  SHELL: '/bin/bash',
  TMPDIR: '/tmp',

  ANTHROPIC_BASE_URL: `http://127.0.0.1:${MODEL_PORT}`,
  ANTHROPIC_API_KEY: DUMMY_API_KEY,
  HTTP_PROXY: PROXY,
  HTTPS_PROXY: PROXY,
  http_proxy: PROXY,
  https_proxy: PROXY,
  NO_PROXY: LOOPBACK,
  no_proxy: LOOPBACK,
  NODE_USE_ENV_PROXY: '1',

  CLAUDE_CONFIG_DIR: CLAUDE_CONFIG_FOLDER,
  // Runs ahead of each Bash command, and of nothing else: it tells the command its operation id.
  CLAUDE_ENV_FILE: OPERATION_SCRIPT,
  // The fallback behind a proxy can run a tool twice.
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  // Nobody watches: wait for an overloaded model instead of giving up.
  CLAUDE_CODE_RETRY_WATCHDOG: '1',
  CLAUDE_CODE_STARTUP_FAILURE_RESULTS: '1',
  // The agent itself gives up a stream without a word for five minutes, and asks again.
  CLAUDE_ENABLE_STREAM_WATCHDOG: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
}

/** Defaults that a client may change. */
const OFFERED: Readonly<Record<string, string>> = {
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
  NPM_CONFIG_PREFIX: `${AGENT_HOME}/.local`,
}

/** Names that are the platform's even where it sets none. */
const FORBIDDEN = [
  /^BERTH_/,
  /^LD_/,
  /^NODE_OPTIONS$/,
  /^(ALL|all)_(PROXY|proxy)$/,
  /^ANTHROPIC_AUTH_TOKEN$/,
  /^ANTHROPIC_(BEDROCK|VERTEX|FOUNDRY)_/,
  /^ANTHROPIC_CUSTOM_HEADERS$/,
  /^CLAUDE_CODE_(USE|SKIP|RESUME|SDK|REMOTE)_/,
  /^CLAUDE_CODE_(OAUTH_TOKEN|ENTRYPOINT|WORKER_EPOCH|PROJECT_DIR_NAME|EXIT_AFTER_STOP_DELAY)$/,
  /^CLAUDE_AGENT_SDK_/,
]

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The whole environment of the agent, from an allow-list: nothing of the bridge's own is in it, and
 * a name that the platform owns stays the platform's.
 */
export function agentEnvironment(input: EnvironmentInput): Record<string, string> {
  const owned = { ...OWNED, ...resumption(input), ...toolLimits(input) }
  const requested = Object.entries(input.requested).filter(
    ([name, value]) => NAME.test(name) && !isForbidden(name) && !value.includes('\0'),
  )
  return { ...OFFERED, ...Object.fromEntries(requested), ...owned }
}

/** The Agent SDK's own default for the longest Bash call. */
const BASH_MAX_MS = 600_000
const BASH_DEFAULT_MS = 120_000

/**
 * The Agent SDK ends calls at these times by itself, tells the model, and goes on with the turn. A
 * client's tool has a limit of its own, which this one may not cut short.
 */
function toolLimits({ requested, toolLimits: limits }: EnvironmentInput): Record<string, string> {
  if (limits === undefined) return {}
  const { clientToolMs, toolMs } = limits
  const bounded = (name: string, otherwise: number) => {
    const asked = Number(requested[name] ?? otherwise)
    return String(Math.min(asked > 0 ? asked : otherwise, toolMs))
  }
  return {
    BASH_DEFAULT_TIMEOUT_MS: bounded('BASH_DEFAULT_TIMEOUT_MS', BASH_DEFAULT_MS),
    BASH_MAX_TIMEOUT_MS: bounded('BASH_MAX_TIMEOUT_MS', BASH_MAX_MS),
    MCP_TOOL_TIMEOUT: String(
      clientToolMs === 0 ? toolMs : Math.max(toolMs, clientToolMs + CLIENT_TOOL_MARGIN_MS),
    ),
  }
}

/** So that the model hears of the client's limit, and not of this one. */
const CLIENT_TOOL_MARGIN_MS = 10_000

function isForbidden(name: string): boolean {
  return FORBIDDEN.some((pattern) => pattern.test(name))
}

/**
 * Without a reason nobody wants the old turn back: then only its unfinished calls are shown to the
 * model as of unknown outcome, and the agent waits for a message.
 */
function resumption(input: EnvironmentInput): Record<string, string> {
  const { resume, resumeNotice, resumeReason, unknownCalls = [] } = input
  if (!resume) return {}
  const always = {
    CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS: '1',
    // Else a call that is taken up and whose tool is gone would end every turn, not only its own.
    CLAUDE_CODE_DROP_UNAVAILABLE_DEFERRED_TOOL: '1',
  }
  if (resumeReason === undefined) return always
  return {
    ...always,
    CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1',
    CLAUDE_CODE_RESUME_REASON: resumeReason,
    ...prompt(noticesOf(unknownCalls, resumeNotice)),
  }
}

/** The Agent SDK's own words, which it says to the model in place of the user. */
const CONTINUE = 'Continue from where you left off.'

function prompt(notices: readonly string[]): Record<string, string> {
  if (notices.length === 0) return {}
  return { CLAUDE_CODE_RESUME_PROMPT: [CONTINUE, ...notices].join('\n') }
}
