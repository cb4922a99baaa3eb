/** A call as the hook before it sees it. */
export interface ProposedCall {
  readonly tool: string
  readonly input: unknown
  /** The permission mode at this moment. */
  readonly mode: string
}

export interface AskingRules {
  readonly allowedTools: readonly string[]
  /** Names of the tools that a client executes. */
  readonly clientTools: readonly string[]
  /** Whose settings count: they may allow what nothing else does. */
  readonly settingSources: readonly string[]
}

const EDITS = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit'])

/** What the Agent SDK may let run unasked, because it only looks. */
const LOOKS = new Set(
  (
    'cat cd cut date df diff dirname du echo env false file find git grep head hostname id jq less ls ' +
    'md5sum nl paste printf ps pwd readlink realpath rg sed seq sha256sum sort stat strings tail test ' +
    'tr tree true type uname uniq wc which whoami'
  ).split(' '),
)

/**
 * Whether a person has to be asked for the call. The Agent SDK says only after the hook whether it
 * asks, and lets what it does not ask for run at once. So the hook makes it ask for these calls,
 * which start when they are allowed; every other call starts before the hook lets it pass, and if
 * it is asked for all the same, and its sandbox is lost meanwhile, it counts as one that may have run.
 */
export function needsApproval(call: ProposedCall, rules: AskingRules): boolean {
  if (call.mode !== 'default' || rules.settingSources.length > 0) return false
  if (rules.clientTools.includes(call.tool)) return false
  if (rules.allowedTools.some((rule) => isAbout(rule, call.tool))) return false
  if (call.tool === 'Bash') return !mayOnlyLook(call.input)
  return EDITS.has(call.tool) || call.tool.startsWith('mcp__')
}

/** A rule is about a tool by its name, for some of its inputs, or for a server's tools. */
function isAbout(rule: string, tool: string): boolean {
  const name = rule.replace(/\(.*$/s, '').replace(/\*$/, '')
  return name === tool || name === '' || (name.startsWith('mcp__') && tool.startsWith(name))
}

function mayOnlyLook(input: unknown): boolean {
  const command = (input as { readonly command?: unknown } | null)?.command
  if (typeof command !== 'string') return true
  if (/[>`]|\$\(/.test(command)) return false
  return command
    .split(/&&|\|\||[;|\n&]/)
    .map((part) => part.trim().split(/\s+/)[0] ?? '')
    .every((program) => program === '' || LOOKS.has(program))
}
