import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const path = (relative: string) => new URL(relative, import.meta.url).pathname

/** Compiles what runs beside the tests, and starts a practice model unless there is one. */
export async function setup(): Promise<() => Promise<void>> {
  await run(path('../../node_modules/.bin/tsc'), ['-p', path('agent/tsconfig.json')])
  if (process.env.BERTH_PRACTICE_MODEL !== undefined) return async () => {}
  return startPracticeModel()
}

async function startPracticeModel(): Promise<() => Promise<void>> {
  const { stdout: jdk } = await run(path('../../../tools/find-jdk'), [])
  const model = spawn(
    'mvn',
    ['-q', '-f', path('../../../practice-model/pom.xml'), 'compile', 'exec:java'],
    {
      env: { ...process.env, JAVA_HOME: jdk.trim(), PRACTICE_MODEL_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  for await (const line of createInterface({ input: model.stdout })) {
    const url = /ANTHROPIC_BASE_URL=(\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    process.env.BERTH_PRACTICE_MODEL = url
    // Reading goes on, or a full pipe would stop it.
    model.stdout.resume()
    return async () => {
      const ended = once(model, 'exit')
      model.kill()
      await ended
    }
  }
  throw new Error('the practice model did not start (look above for what Maven said)')
}
