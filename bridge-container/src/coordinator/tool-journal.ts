import type { HookCallbackMatcher, HookEvent, HookJSONOutput } from '@anthropic-ai/claude-agent-sdk'

/**
 * The seam at which each tool call passes before it runs and after it ended. The tool journal will
 * sit here: it commits the start before it lets the call pass. Until then the hooks decide nothing;
 * an `allow` from here would skip the permission check.
 */
export function toolJournalHooks(): Partial<Record<HookEvent, HookCallbackMatcher[]>> {
  const noDecision = async (): Promise<HookJSONOutput> => ({})
  const everyTool: HookCallbackMatcher[] = [{ hooks: [noDecision] }]
  return { PreToolUse: everyTool, PostToolUse: everyTool, PostToolUseFailure: everyTool }
}
