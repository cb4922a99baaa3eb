/** Runs the Agent SDK's `query()` for a test, in a process that can be killed with all its children. */

import { createInterface } from 'node:readline'
import {
  type HookEvent,
  type HookJSONOutput,
  type Options,
  type PermissionResult,
  query,
  type SDKUserMessage,
  type SessionKey,
  type SessionStoreEntry,
} from '@anthropic-ai/claude-agent-sdk'
import type { Call, Callbacks, FromAgent, ToAgent } from './wire.ts'

const answers = new Map<number, (value: unknown) => void>()
let calls = 0

function tell(line: FromAgent): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Asks the test; it may never answer. */
function ask(method: Call['method'], name: string, input: unknown): Promise<unknown> {
  const id = ++calls
  tell({ type: 'call', id, call: { method, name, input: input as Call['input'] } })
  return new Promise((resolve) => answers.set(id, resolve))
}

function asked({ hooks, canUseTool, sessionStore }: Callbacks): Options {
  return {
    hooks: Object.fromEntries(
      hooks.map((event) => [
        event as HookEvent,
        [{ hooks: [async (input) => (await ask('hook', event, input)) as HookJSONOutput] }],
      ]),
    ),
    ...(canUseTool
      ? {
          canUseTool: async (name, input, { toolUseID }) =>
            (await ask('canUseTool', name, { input, toolUseID })) as PermissionResult,
        }
      : {}),
    ...(sessionStore
      ? {
          sessionStore: {
            append: async (key: SessionKey, entries: SessionStoreEntry[]) => {
              await ask('append', key.subpath ?? '', { entries })
            },
            load: async (key: SessionKey) =>
              (await ask('load', key.subpath ?? '', {})) as SessionStoreEntry[] | null,
          },
        }
      : {}),
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

async function read(): Promise<ToAgent | undefined> {
  const { done, value } = await lines.next()
  return done ? undefined : (JSON.parse(value) as ToAgent)
}

const waiting: SDKUserMessage[] = []
let closed = false
let wake = () => {}

async function* prompts(): AsyncGenerator<SDKUserMessage> {
  while (true) {
    const message = waiting.shift()
    if (message !== undefined) yield message
    else if (closed) return
    else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

const first = await read()
if (first?.type !== 'plan') throw new Error('no plan (expected: it is the first line)')
const conversation = query({
  prompt: prompts(),
  options: { ...first.plan.options, ...asked(first.plan.callbacks) },
})

async function obey(line: ToAgent): Promise<void> {
  switch (line.type) {
    case 'plan':
      throw new Error('a second plan')
    case 'say':
      waiting.push({
        type: 'user',
        uuid: line.uuid as NonNullable<SDKUserMessage['uuid']>,
        message: { role: 'user', content: line.text },
        parent_tool_use_id: null,
      })
      wake()
      return
    case 'interrupt':
      tell({ type: 'interrupted', receipt: await conversation.interrupt() })
      return
    case 'close_input':
      closed = true
      wake()
      return
    case 'answer':
      answers.get(line.id)?.(line.value)
      answers.delete(line.id)
      return
    default:
      line satisfies never
  }
}

async function listen(): Promise<void> {
  for (let line = await read(); line !== undefined; line = await read()) void obey(line)
}

async function show(): Promise<string | null> {
  try {
    for await (const message of conversation) tell({ type: 'message', message: { ...message } })
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

void listen()
tell({ type: 'ended', thrown: await show() })
process.exit(0)
