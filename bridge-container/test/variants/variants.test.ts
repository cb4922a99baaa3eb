import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { bash, sdkMessages, turn, useSandboxes } from '../support/dialogue.ts'
import { agentOptions } from '../support/options.ts'

const start = useSandboxes()

async function image(...args: string[]): Promise<string> {
  const script = new URL('../../image', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(script, args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

test('the data variant computes and draws', async () => {
  const { worker } = await start({ image: await image('--variant', 'data') })
  worker.open(agentOptions())
  const program = [
    'import matplotlib; matplotlib.use("agg")',
    'import matplotlib.pyplot as plt, numpy as np, pandas as pd',
    'print(pd.DataFrame({"x": np.arange(5)}).x.sum())',
    'plt.plot([1, 2]); plt.savefig("plot.png")',
  ].join('\n')

  const said = await bash(
    worker,
    `python3 -c '${program}' && file=plot.png && head -c4 $file | od -c`,
  )

  expect(said).toContain('10')
  expect(said).toContain('P   N   G')
}, 600_000)

test('the browser variant opens a page through its MCP server', async () => {
  const { worker } = await start({ image: await image('--variant', 'browser') })
  worker.open(agentOptions({ mcp_servers: { browser: { type: 'stdio', command: 'browser-mcp' } } }))
  const page = 'data:text/html,<title>A page</title><h1>Hello from Chromium</h1>'

  const ended = await turn(
    worker,
    `tool: mcp__browser__browser_navigate ${JSON.stringify({ url: page })}`,
  )

  expect(ended.stop_reason).toBe('end_turn')
  expect(JSON.stringify(sdkMessages(worker, 'user'))).toContain('A page')
}, 600_000)
