/** Runs the Agent SDK's `query()` for a test, in a process that can be killed with all its children. */

import { createInterface } from 'node:readline'
import {
  type CanUseTool,
  type HookCallbackMatcher,
  type HookJSONOutput,
  type Options,
  type PermissionResult,
  query,
  type SDKUserMessage,
  type SessionStore,
} from '@anthropic-ai/claude-agent-sdk'
import type { Call, Callbacks, FromAgent, ToAgent } from './wire.ts'

interface Pending {
  readonly answer: (value: unknown) => void
  readonly fail: (error: Error) => void
}

const pending = new Map<number, Pending>()
let calls = 0

function tell(line: FromAgent): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Asks the test; it may never answer. */
function ask(method: Call['method'], name: string, input: unknown): Promise<unknown> {
  const id = ++calls
  tell({ type: 'call', id, call: { method, name, input: input as Call['input'] } })
  return new Promise((answer, fail) => pending.set(id, { answer, fail }))
}

function asked({ canUseTool, hooks, onFailure, sessionStore }: Callbacks): Options {
  return {
    hooks: Object.fromEntries(hooks.map((event) => [event, [askedHook(event, onFailure)]])),
    ...(canUseTool ? { canUseTool: askedPermission } : {}),
    ...(sessionStore ? { sessionStore: askedStore } : {}),
  }
}

function askedHook(event: string, onFailure: Callbacks['onFailure']): HookCallbackMatcher {
  return {
    onFailure,
    hooks: [async (input) => (await ask('hook', event, input)) as HookJSONOutput],
  }
}

const askedPermission: CanUseTool = async (name, input, { toolUseID }) =>
  (await ask('canUseTool', name, { input, toolUseID })) as PermissionResult

const askedStore: SessionStore = {
  append: async ({ subpath }, entries) => {
    await ask('append', subpath ?? '', { entries })
  },
  load: async ({ subpath }) =>
    (await ask('load', subpath ?? '', {})) as Awaited<ReturnType<SessionStore['load']>>,
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
      pending.get(line.id)?.answer(line.value)
      return
    case 'fail':
      pending.get(line.id)?.fail(new Error('the test lets it fail'))
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
