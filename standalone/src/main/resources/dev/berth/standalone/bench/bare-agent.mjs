// The Agent SDK as somebody would run it on a laptop: prompts from standard input, one a line (\n
// begins a line of the prompt itself); messages to standard output, one a line.
import { createInterface } from 'node:readline'
import { query } from '/opt/berth/node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs'

async function* prompts() {
  for await (const line of createInterface({ input: process.stdin })) {
    const content = line.replaceAll('\\n', '\n')
    yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null }
  }
}

const { BARE_HOOKS, BARE_RESUME, BARE_SESSION } = process.env
// Ask for nothing: what they cost is the way to them and back.
const hook = [{ hooks: [async () => ({})] }]
const hooks = { PreToolUse: hook, PostToolUse: hook, PostToolUseFailure: hook }
const options = {
  cwd: '/workspace/project',
  env: process.env,
  permissionMode: 'bypassPermissions',
  allowDangerouslySkipPermissions: true,
  includePartialMessages: true,
  settingSources: [],
  ...(BARE_HOOKS === undefined ? {} : { hooks }),
  ...(BARE_SESSION === undefined ? {} : { [BARE_RESUME ? 'resume' : 'sessionId']: BARE_SESSION }),
}
for await (const message of query({ prompt: prompts(), options })) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
