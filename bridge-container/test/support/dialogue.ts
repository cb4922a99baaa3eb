import { randomUUID } from 'node:crypto'
import { afterEach } from 'vitest'
import type { FakeWorker, Frame } from './fake-worker.ts'
import { agentOptions } from './options.ts'
import { Sandbox, type SandboxOptions } from './sandbox.ts'

/** Sandboxes of a test file: removed after each test, and their logs shown when it failed. */
export function useSandboxes(): (options?: SandboxOptions) => Promise<Sandbox> {
  const running: Sandbox[] = []
  afterEach(async (context) => {
    for (const sandbox of running.splice(0)) {
      if (context.task.result?.state === 'fail') console.error(await sandbox.logs())
      await sandbox.remove()
    }
  })
  return async (options) => {
    const sandbox = new Sandbox(options)
    running.push(sandbox)
    await sandbox.listen()
    await sandbox.listenAsModel()
    await sandbox.run()
    await sandbox.worker.next('attached')
    return sandbox
  }
}

/** Hands over a turn and waits for its end. */
export async function turn(
  worker: FakeWorker,
  content: unknown,
  messageId: string = randomUUID(),
): Promise<Frame<'turn_ended'>> {
  worker.run(messageId, content)
  return worker.next('turn_ended', ({ turn_id }) => turn_id === messageId)
}

/** Runs for half a minute; a plain `sleep` the agent would not run. */
export const LONG_COMMAND = 'for i in $(seq 300); do sleep 0.1; done; echo finished'

/** Lets the agent run a command and returns what the command said. */
export async function bash(worker: FakeWorker, command: string): Promise<string> {
  const before = worker.all('sdk_message').length
  await turn(worker, `bash: ${command}`)
  return toolResults(worker.all('sdk_message').slice(before)).join('\n')
}

export async function openedSandbox(
  start: (options?: SandboxOptions) => Promise<Sandbox>,
  options: Parameters<typeof agentOptions>[0] = {},
): Promise<Sandbox> {
  const sandbox = await start()
  sandbox.worker.open(agentOptions(options))
  return sandbox
}

interface SdkMessage {
  readonly type: string
  readonly message?: { readonly content?: unknown }
}

export function toolResults(frames: ReadonlyArray<Frame<'sdk_message'>>): string[] {
  return frames
    .map(({ message }) => message as SdkMessage)
    .filter(({ type, message }) => type === 'user' && Array.isArray(message?.content))
    .flatMap(({ message }) => message?.content as Array<Record<string, unknown>>)
    .filter((block) => block.type === 'tool_result')
    .map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
}

/** The Agent SDK's messages of one type, as they came. */
export function sdkMessages(worker: FakeWorker, type: string): Array<Record<string, unknown>> {
  return worker
    .all('sdk_message')
    .map(({ message }) => message as Record<string, unknown>)
    .filter((message) => message.type === type)
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
