import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listenForOperations } from '../../src/bridge-server/operation-port.ts'
import { systemClock } from '../../src/clock.ts'
import { OPERATION_PORT } from '../../src/coordinator/layout.ts'
import { OperationIds } from '../../src/coordinator/operation-ids.ts'
import { silentLog } from '../../src/log.ts'
import type { Agent } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { Workplace } from './support/workplace.ts'

const SCRIPT = new URL('../../sandbox/operation-id', import.meta.url)

const EXPORTED = dependsOn('Tool journal', "a tool learns its call's id")

/** An agent whose Bash commands ask for their ids, as in the sandbox. */
async function asking(place: Workplace): Promise<Agent> {
  const operations = new OperationIds()
  const operationOf = (shell: string) => operations.of(shell)
  const port = await listenForOperations({
    port: 0,
    clock: systemClock,
    log: silentLog,
    operationOf,
  })
  onTestFinished(() => void port.close())
  const script = readFileSync(SCRIPT, 'utf8').replace(
    String(OPERATION_PORT),
    String((port.address() as AddressInfo).port),
  )
  const file = join(place.folder, 'operation-id')
  writeFileSync(file, script)
  return place.start({
    env: { CLAUDE_ENV_FILE: file },
    callbacks: { hooks: ['PreToolUse', 'PostToolUse', 'PostToolUseFailure'] },
    answer: ({ name, input }) => {
      const call = input as { tool_use_id: string; tool_name: string; tool_input: unknown }
      if (name === 'PreToolUse') {
        operations.called(call.tool_use_id, call.tool_name, call.tool_input)
      } else {
        operations.ended(call.tool_use_id, true)
      }
      return {}
    },
  })
}

/** The ids of the calls, in their order. */
function calls(agent: Agent): string[] {
  return agent.calls
    .filter(({ name }) => name === 'PreToolUse')
    .map(({ input }) => String(input.tool_use_id))
}

test(
  'operation id: the script of CLAUDE_ENV_FILE runs ahead of each Bash command, in its shell',
  upholds(EXPORTED, async () => {
    const place = await Workplace.open()
    const agent = await asking(place)
    agent.say(`bash echo "it's $BERTH_OPERATION_ID" >> ids
bash echo $BERTH_OPERATION_ID | tee -a ids | wc -l && (true; false)
bash <<END
cat >> ids <<X
a "b" $BERTH_OPERATION_ID
X
END
say Done.`)
    await agent.results(1)

    const [first, second, third] = calls(agent)
    expect(place.read('ids')).toBe(`it's ${first}\n${second}\na "b" ${third}\n`)
  }),
)

test(
  'operation id: parallel and background commands have ids of their own',
  upholds(EXPORTED, async () => {
    const place = await Workplace.open()
    const agent = await asking(place)
    agent.say(`parallel:
  bash echo $BERTH_OPERATION_ID > first
  bash echo $BERTH_OPERATION_ID > second
background bash echo $BERTH_OPERATION_ID > third
say Done.`)
    await agent.results(1)

    const [first, second, third] = calls(agent)
    await place.untilFile('first', `${first}\n`)
    await place.untilFile('second', `${second}\n`)
    await place.untilFile('third', `${third}\n`)
  }),
)

test(
  'operation id: an MCP server is told the id of a call in its _meta',
  upholds(EXPORTED, async () => {
    const place = await Workplace.open()
    const server = join(place.folder, 'server.mjs')
    writeFileSync(server, SERVER)
    const agent = place.start({
      options: { mcpServers: { notes: { command: process.execPath, args: [server] } } },
      callbacks: { hooks: ['PreToolUse'] },
      answer: () => ({}),
    })
    agent.say('tool mcp__notes__take {}\nsay Done.')
    await agent.results(1)

    const [result] = agent.messagesOf('user')
    expect(JSON.stringify(result)).toContain(`"text":"${calls(agent)[0]}"`)
  }),
)

/** An MCP server over its standard streams, whose one tool says which call it was. */
const SERVER = `
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  const result = {
    initialize: () => ({
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'notes', version: '1' },
    }),
    'tools/list': () => ({ tools: [{ name: 'take', inputSchema: { type: 'object' } }] }),
    'tools/call': () => ({ content: [{ type: 'text', text: params._meta['claudecode/toolUseId'] }] }),
  }[method]
  if (id !== undefined && result !== undefined) {
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: result() }) + '\\n')
  }
}
`
