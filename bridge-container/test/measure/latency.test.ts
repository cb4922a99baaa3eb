import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { agentOptions } from '../support/options.ts'
import { docker, Sandbox } from '../support/sandbox.ts'

const RUNS = Number(process.env.RUNS ?? 12)

interface Run {
  readonly 'docker run → returned': number
  readonly 'docker run → hello': number
  readonly 'returned → hello': number
  readonly 'open → first SDK message': number
  readonly 'open → first assistant message': number
  readonly 'open → turn with Bash ended': number
  readonly 'next turn': number
}

async function measure(): Promise<{ run: Run; memory: string[] }> {
  const sandbox = new Sandbox()
  try {
    const worker = await sandbox.listen()
    await sandbox.listenAsModel()
    const at = (matches: (text: string) => boolean) =>
      worker.received.find(({ frame }) => matches(JSON.stringify(frame)))?.at ?? Number.NaN

    const begun = performance.now()
    await sandbox.run()
    const returned = performance.now()
    await worker.next('attached')
    const hello = at((text) => text.includes('"hello"'))
    await new Promise((resolve) => setTimeout(resolve, 500))
    const idle = await memory(sandbox)

    const opened = performance.now()
    worker.open(agentOptions())
    worker.run(randomUUID(), 'bash: echo hello')
    await worker.next('turn_ended')
    const ended = performance.now()
    const again = randomUUID()
    worker.run(again, 'hello')
    await worker.next('turn_ended', ({ turn_id }) => turn_id === again)
    const next = performance.now()
    return {
      run: {
        'docker run → returned': returned - begun,
        'docker run → hello': hello - begun,
        'returned → hello': hello - returned,
        'open → first SDK message': at((text) => text.startsWith('{"type":"sdk_message"')) - opened,
        'open → first assistant message':
          at((text) => text.includes('"type":"assistant"')) - opened,
        'open → turn with Bash ended': ended - opened,
        'next turn': next - ended,
      },
      memory: [...idle, '--', ...(await memory(sandbox))],
    }
  } finally {
    await sandbox.remove()
  }
}

/** Resident and proportional memory of each process, in megabytes. */
async function memory(sandbox: Sandbox): Promise<string[]> {
  const rows = (await docker('top', sandbox.container, '-o', 'pid,args')).split('\n').slice(1)
  return rows.map((row) => {
    const [pid = '', ...args] = row.trim().split(/\s+/)
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const mb = (name: string) =>
      Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024)
    const own = mb('Private_Clean') + mb('Private_Dirty')
    const name = args.find((arg) => /launcher|bridge|claude$|docker-init/.test(arg)) ?? args[0]
    return `${name}: rss ${mb('Rss')} pss ${mb('Pss')} own ${own} MB`
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

test('start latencies and memory', async () => {
  const runs: Run[] = []
  let last: string[] = []
  for (let i = 0; i < RUNS; i += 1) {
    const { run, memory: used } = await measure()
    runs.push(run)
    last = used
  }
  const rows = (Object.keys(runs[0] ?? {}) as Array<keyof Run>).map((name) => {
    const values = runs.map((run) => run[name])
    return `${name}: p50 ${median(values).toFixed(0)} max ${Math.max(...values).toFixed(0)} ms`
  })
  console.error([...rows, ...last].join('\n'))
  expect(runs).toHaveLength(RUNS)
}, 300_000)
