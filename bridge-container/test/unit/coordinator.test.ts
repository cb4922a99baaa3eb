import { Duplex } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { FrameLog } from '../../src/bridge-server/frame-log.ts'
import { createPressure } from '../../src/bridge-server/pressure.ts'
import { Coordinator } from '../../src/coordinator/coordinator.ts'
import { OperationIds } from '../../src/coordinator/operation-ids.ts'
import { ExitCode } from '../../src/exit-code.ts'
import type { Open } from '../../src/generated/bridge-command.ts'
import type { BridgeFrame } from '../../src/generated/bridge-frame.ts'
import type { LaunchedProcess, Launcher } from '../../src/launcher/client.ts'
import type { ProcessExited } from '../../src/launcher/protocol.ts'
import { silentLog } from '../../src/log.ts'
import { numbered } from '../support/ids.ts'
import { type ManualClock, manualClock, settled } from '../support/manual-clock.ts'
import { agentOptions } from '../support/options.ts'
import { validator } from '../support/schema.ts'
import { type ScriptedAgent, scriptedAgent } from '../support/scripted-agent.ts'

const SESSION = '8f14e45f-ceea-467f-9575-6f1d2c1b9d1a'
const validFrame = validator('bridge-frame')

let clock: ManualClock
let agent: ScriptedAgent
let frames: FrameLog
let said: BridgeFrame[]
let finished: ExitCode[]
let signals: string[]
let exit: (exited: Partial<ProcessExited>) => void
let full: boolean
let kills: number
let coordinator: Coordinator

beforeEach(() => {
  clock = manualClock()
  agent = scriptedAgent()
  said = []
  finished = []
  signals = []
  full = false
  kills = 3
  const pressure = createPressure()
  frames = new FrameLog({ pressure })
  coordinator = new Coordinator({
    clock,
    log: silentLog,
    newId: numbered('id'),
    timestamp: () => '2026-11-29T12:00:00.000Z',
    pressure,
    launcher: fakeLauncher(),
    loadQuery: async () => (params) => {
      params.options.spawnClaudeCodeProcess?.({
        command: 'claude',
        args: [],
        env: {},
        signal: new AbortController().signal,
      })
      return agent.query(params)
    },
    sessionId: () => SESSION,
    sendDurable(frame) {
      const number = frames.append(frame)
      said.push(JSON.parse(frames.line(number)))
      frames.acknowledge(number)
      return number
    },
    sendOnce: (frame) => said.push(frame),
    whenAcknowledged: (frame) => frames.whenAcknowledged(frame),
    diskFull: () => full,
    outOfMemoryKills: () => kills,
    operations: new OperationIds(),
    finish: (code) => finished.push(code),
  })
})

function fakeLauncher(): Launcher {
  return {
    spawn: (): LaunchedProcess => ({
      stdio: Promise.resolve(new Duplex({ read() {}, write: (_c, _e, done) => done() }) as never),
      exited: new Promise((resolve) => {
        exit = (exited) =>
          resolve({ type: 'exited', id: 'agent', code: 0, signal: null, stderr: '', ...exited })
      }),
      signal: (signal) => signals.push(signal),
    }),
    sweep: () => signals.push('sweep'),
  }
}

function open(changes: Parameters<typeof agentOptions>[0] = {}): Promise<void> {
  coordinator.obey({ type: 'open', resume: false, options: agentOptions(changes) })
  return settled()
}

function run(id: string, content: unknown = 'hello'): Promise<void> {
  coordinator.obey({ type: 'run_turn', turn_id: id, message_id: id, content })
  return settled()
}

const types = () => said.map(({ type }) => type)
const last = () => said.at(-1)

test('a turn: every message goes out as it came, then the end', async () => {
  await open()
  await run('m1', [{ type: 'text', text: 'hi' }])
  agent.say({ type: 'stream_event', event: { type: 'message_start' } })
  agent.say({ type: 'a_kind_of_tomorrow', deep: { x: [1] } })
  agent.answer('m1', { session_id: SESSION })
  await settled()

  expect(agent.given).toEqual([
    {
      type: 'user',
      uuid: 'm1',
      message: { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      parent_tool_use_id: null,
    },
  ])
  expect(said[0]).toEqual({
    type: 'delta',
    turn_id: 'm1',
    message: { type: 'stream_event', event: { type: 'message_start' } },
  })
  expect(said[1]).toMatchObject({ message: { type: 'a_kind_of_tomorrow', deep: { x: [1] } } })
  const ended = said.findIndex(({ type }) => type === 'turn_ended')
  expect(said[ended]).toMatchObject({
    turn_id: 'm1',
    message_id: 'm1',
    stop_reason: 'end_turn',
    result: { session_id: SESSION },
  })
  expect(said[ended - 1]).toMatchObject({
    type: 'sdk_message',
    turn_id: 'm1',
    message: { type: 'result' },
  })
  expect(said[ended + 1]).not.toHaveProperty('turn_id')
  for (const frame of said) expect(validFrame(frame), JSON.stringify(validFrame.errors)).toBe(true)
})

test('open counts once, and turns wait for it', async () => {
  await run('m1')
  expect(agent.given).toEqual([])

  await open({ model: 'first' })
  await open({ model: 'second' })

  expect(agent.options?.model).toBe('first')
  expect(agent.given).toHaveLength(1)
})

test('an interrupt reaches the agent once', async () => {
  await open()
  await run('m1')

  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })
  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })
  coordinator.obey({ type: 'interrupt', turn_id: 'other' })
  agent.answer('m1', {
    subtype: 'error_during_execution',
    is_error: true,
    terminal_reason: 'aborted_tools',
  })
  await settled()

  expect(agent.interrupts).toBe(1)
  expect(said).toContainEqual(expect.objectContaining({ stop_reason: 'interrupted' }))
})

test('an agent that hangs after an interrupt is killed, and the sandbox ends', async () => {
  await open()
  await run('m1')
  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })

  await clock.advance(10_000)
  expect(signals).toEqual(['sweep'])
  agent.end(new Error('Claude Code process terminated by signal SIGKILL'))
  exit({ code: null, signal: 'SIGKILL' })
  await settled()

  expect(types().filter((type) => type === 'turn_ended')).toHaveLength(1)
  expect(finished).toEqual([ExitCode.agentExited])
})

test('an agent that ends by itself leaves its turns to the next sandbox', async () => {
  await open()
  await run('m1')
  await run('m2')

  agent.end(new Error('Claude Code process exited with code 1'))
  exit({ code: 1, stderr: '  segmentation fault\n' })
  await settled()

  expect(said).toMatchObject([
    { type: 'agent_exited', exit_code: 1, signal: null, detail: 'segmentation fault' },
  ])
  expect(finished).toEqual([ExitCode.agentExited])
})

test('transcript lines that were lost for want of space end the turn as disk_full', async () => {
  await open()
  await run('m1')

  agent.say({ type: 'system', subtype: 'session_writes_lost', error_code: 'ENOSPC' })
  agent.end()
  exit({ code: 0 })
  await settled()

  expect(said.find(({ type }) => type === 'turn_ended')).toMatchObject({ stop_reason: 'disk_full' })
})

test('A17: a turn whose transcript loses lines is stopped, and ends as disk_full', async () => {
  await open()
  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'started' })

  agent.say({ type: 'system', subtype: 'session_writes_lost', error_code: 'ENOSPC' })
  await settled()
  expect(agent.interrupts).toBe(1)
  agent.answer('m1')
  await settled()

  expect(said.filter(({ type }) => type === 'turn_ended')).toMatchObject([
    { stop_reason: 'disk_full', problem: { type: 'disk_full' } },
  ])
})

test('A17: an agent that goes on with such a turn is killed', async () => {
  await open()
  await run('m1')
  agent.say({ type: 'system', subtype: 'session_writes_lost', error_code: 'ENOSPC' })
  await settled()
  await clock.advance(10_000)

  expect(signals).toEqual(['sweep'])
  expect(last()).toMatchObject({ type: 'turn_ended', stop_reason: 'disk_full' })
})

test('a result on a full disk says so', async () => {
  await open()
  await run('m1')

  full = true
  agent.answer('m1')
  await settled()

  expect(said.find(({ type }) => type === 'turn_ended')).toMatchObject({
    stop_reason: 'disk_full',
    problem: { type: 'disk_full' },
    result: { subtype: 'success' },
  })
})

test('a shutdown lets an idle agent end by itself', async () => {
  await open()

  coordinator.obey({ type: 'shutdown', grace_ms: 5_000 })
  await settled()
  expect(agent.inputClosed).toBe(true)
  agent.end()
  exit({ code: 0 })
  await clock.advance(100)

  expect(signals).not.toContain('SIGKILL')
  expect(finished).toEqual([ExitCode.shutdown])
  expect(types()).not.toContain('agent_exited')
})

test('a shutdown in mid-turn asks at once, kills after the grace, and closes the turn', async () => {
  await open()
  await run('m1')

  coordinator.obey({ type: 'shutdown', grace_ms: 3_000 })
  await clock.advance(2_900)
  expect(signals).toEqual(['SIGTERM'])
  expect(finished).toEqual([])
  await clock.advance(200)
  expect(signals).toEqual(['SIGTERM', 'sweep'])
  agent.end()
  exit({ code: null, signal: 'SIGKILL' })
  await clock.advance(100)

  expect(last()).toMatchObject({ type: 'turn_ended', turn_id: 'm1', stop_reason: 'closed' })
  expect(finished).toEqual([ExitCode.shutdown])
})

test('A11: a stop of the container leaves the turn open', async () => {
  await open()
  await run('m1')

  coordinator.terminate()
  agent.end()
  exit({ code: 143 })
  await clock.advance(100)

  expect(types()).not.toContain('turn_ended')
  expect(finished).toEqual([ExitCode.shutdown])
})

test('who is superseded kills the agent and says nothing more', async () => {
  await open()
  await run('m1')

  coordinator.supersede()
  agent.end()
  exit({ code: null, signal: 'SIGKILL' })
  await settled()

  expect(signals).toEqual(['sweep'])
  expect(said).toEqual([])
  expect(finished).toEqual([ExitCode.superseded])
})

test('a missing transcript ends every turn with its own problem', async () => {
  coordinator.obey({ type: 'open', resume: true, options: agentOptions() })
  await run('m1')
  const { request_id } = said[0] as Extract<BridgeFrame, { type: 'load_transcript' }>

  const nothing = { found: false, entries: [], subpaths: [], last: true }
  coordinator.obey({ type: 'transcript_page', request_id, ...nothing })
  await settled()

  expect(said.slice(1)).toMatchObject([
    {
      type: 'turn_ended',
      turn_id: 'm1',
      stop_reason: 'transcript_missing',
      problem: { type: 'transcript_missing' },
    },
    { type: 'agent_exited' },
  ])
  expect(agent.options).toBeUndefined()
})

test('A1: a kill that strikes the transcript on its way to the agent ends no turn', async () => {
  coordinator.obey({ type: 'open', resume: true, resume_reason: 'killed', options: agentOptions() })
  await run('m1')
  const { request_id } = said[0] as Extract<BridgeFrame, { type: 'load_transcript' }>
  const entries = [{ type: 'user', uuid: 'm1', message: { content: 'hello' } }]
  const page = { found: true, entries, subpaths: [], last: true }
  coordinator.obey({ type: 'transcript_page', request_id, ...page })
  await settled()

  exit({ code: null, signal: 'SIGKILL' })
  await settled()

  expect(said.slice(1)).toMatchObject([{ type: 'agent_exited', signal: 'SIGKILL' }])
  expect(finished).toEqual([ExitCode.agentExited])
})

/** The turn lost its sandbox before the agent had noted more than that a message waits. */
async function beginAnew(content: unknown): Promise<void> {
  coordinator.obey({
    type: 'open',
    resume: true,
    resume_reason: 'killed',
    turn_id: 'm1',
    unknown_calls: [{ tool_use_id: 'toolu_1', name: 'Bash' }],
    resume_notice: 'And the background is gone.',
    options: agentOptions(),
  })
  await run('m1', content)
  const { request_id } = said[0] as Extract<BridgeFrame, { type: 'load_transcript' }>
  const entries = [{ type: 'queue-operation', operation: 'enqueue', content: 'hello' }]
  const page = { found: true, entries, subpaths: [], last: true }
  coordinator.obey({ type: 'transcript_page', request_id, ...page })
  await settled()
  exit({ code: null, signal: 'SIGKILL' })
  await settled()
}

test('A1: an agent that had noted no message begins anew, and hears with it what was lost', async () => {
  await beginAnew('hello')

  expect(agent.options).toMatchObject({ sessionId: SESSION })
  expect(agent.options).not.toHaveProperty('resume')
  expect(agent.given[0]?.message.content).toEqual([
    { type: 'text', text: expect.stringContaining('Bash (toolu_1)') },
    { type: 'text', text: 'And the background is gone.' },
    { type: 'text', text: 'hello' },
  ])
  agent.answer('m1')
  await run('m2')
  expect(agent.given[1]?.message.content).toBe('hello')
  expect(said.filter(({ type }) => type === 'turn_ended')).toMatchObject([
    { turn_id: 'm1', stop_reason: 'end_turn' },
  ])
})

test('a command of the agent that begins anew stays one', async () => {
  await beginAnew('/compact')

  expect(agent.given[0]?.message.content).toBe('/compact')
})

test('an interrupt that came before an agent begins anew ends the turn at once', async () => {
  coordinator.obey({ type: 'open', resume: true, resume_reason: 'killed', options: agentOptions() })
  await run('m1')
  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })
  const { request_id } = said[0] as Extract<BridgeFrame, { type: 'load_transcript' }>
  const nothing = { found: true, entries: [], subpaths: [], last: true }
  coordinator.obey({ type: 'transcript_page', request_id, ...nothing })
  await settled()

  expect(said.at(-1)).toMatchObject({ type: 'turn_ended', stop_reason: 'interrupted' })
  expect(agent.given).toEqual([])
})

test('the transcript leaves as parts, in order with the messages', async () => {
  await open()
  const store = agent.options?.sessionStore
  await run('m1')

  await store?.append({ projectKey: 'p', sessionId: SESSION }, [{ type: 'user', uuid: 'm1' }])
  agent.answer('m1')
  await settled()

  expect(types()[0]).toBe('transcript_part')
  expect(await store?.load({ projectKey: 'p', sessionId: SESSION })).toBeNull()
})

const ASKING = { approvals: 'ask', permission_mode: 'default' } as const

function askFor(toolUseID: string) {
  const context = { toolUseID, signal: new AbortController().signal } as never
  return agent.options?.canUseTool?.('Bash', { command: 'make' }, context)
}

test('without approvals nobody is asked', async () => {
  await open({ permission_mode: 'default' })
  await run('m1')

  expect(await askFor('toolu_1')).toMatchObject({ behavior: 'deny' })
  expect(types()).not.toContain('approval_requested')
})

test('a person is asked, and the answer starts the call', async () => {
  await open(ASKING)
  await run('m1')
  const decided = askFor('toolu_1')
  await settled()
  expect(last()).toMatchObject({ type: 'approval_requested', turn_id: 'm1' })

  coordinator.obey({ type: 'approval_answer', tool_use_id: 'toolu_1', decision: 'allow' })
  await settled()
  expect(last()).toMatchObject({ type: 'tool_started', tool_use_id: 'toolu_1' })
  coordinator.obey({ type: 'tool_recorded', tool_use_id: 'toolu_1', first: true })

  expect(await decided).toMatchObject({ behavior: 'allow' })
})

test('an interrupt withdraws what waits', async () => {
  await open(ASKING)
  await run('m1')
  const decided = askFor('toolu_1')
  await settled()

  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })

  expect(await decided).toMatchObject({ behavior: 'deny' })
  expect(types()).toContain('approval_closed')
})

test('a parked sandbox kills the agent at once, and leaves turn and approval open', async () => {
  await open(ASKING)
  await run('m1')
  void askFor('toolu_1')
  await settled()

  coordinator.obey({ type: 'shutdown', grace_ms: 5_000, keep_turn: true })
  await settled()

  expect(signals).toEqual(['sweep'])
  expect(types()).not.toContain('turn_ended')
  expect(types()).not.toContain('approval_closed')
  expect(finished).toEqual([ExitCode.shutdown])
})

test('an answer that comes while the sandbox is parked starts nothing in it', async () => {
  await open(ASKING)
  await run('m1')
  void askFor('toolu_1')
  await settled()

  coordinator.obey({ type: 'shutdown', grace_ms: 5_000, keep_turn: true })
  coordinator.obey({ type: 'approval_answer', tool_use_id: 'toolu_1', decision: 'allow' })
  await settled()

  expect(types()).not.toContain('tool_started')
})

test('a stop of the container does the same to an agent that waits for a person', async () => {
  await open(ASKING)
  await run('m1')
  void askFor('toolu_1')
  await settled()

  coordinator.terminate()
  await settled()

  expect(signals).toEqual(['sweep'])
  expect(types()).not.toContain('approval_closed')
})

/** Opens with a transcript in which a call is cut, under a turn that is taken up. */
async function resume(calls: Partial<Open>, later: readonly unknown[] = []): Promise<void> {
  coordinator.obey({
    type: 'open',
    resume: true,
    resume_reason: 'killed',
    options: agentOptions(ASKING),
    ...calls,
  })
  const { request_id } = said[0] as Extract<BridgeFrame, { type: 'load_transcript' }>
  const content = [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }]
  const entries = [
    { type: 'user', uuid: 'm1', message: { content: 'hello' } },
    { type: 'assistant', uuid: 'u2', message: { id: 'msg_1', content } },
    ...later,
  ]
  coordinator.obey({
    type: 'transcript_page',
    request_id,
    found: true,
    entries,
    subpaths: [],
    last: true,
  })
  await settled()
  // The transcript is written.
  exit({})
  await settled()
}

function takeUp(decision?: 'allow' | 'deny'): Promise<void> {
  const asked = { tool_use_id: 'toolu_1', over: false, decision: decision ?? null }
  return resume({ asked_calls: [asked] })
}

test('A5: the transcript that the next sandboxes read has the mark of the call, too', async () => {
  await takeUp()

  expect(said[1]).toMatchObject({
    type: 'transcript_part',
    entries: [{ attachment: { type: 'hook_deferred_tool', toolUseID: 'toolu_1' } }],
  })
})

test('A5: the result after a call that was taken up ends the turn, though it names no message', async () => {
  await takeUp('allow')
  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'own', state: 'started' })
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'completed' })
  agent.say({ type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn' })
  await settled()

  expect(last()).toMatchObject({ type: 'turn_ended', turn_id: 'm1', stop_reason: 'end_turn' })
})

test('A5: that result may come before the turn is handed over', async () => {
  await takeUp('allow')
  agent.say({ type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn' })
  await settled()
  await run('m1')

  expect(last()).toMatchObject({ type: 'turn_ended', turn_id: 'm1', stop_reason: 'end_turn' })
  expect(agent.given).toEqual([])
})

test('A5: a call that was taken up and cut is told of once, and the result that names the message ends the turn', async () => {
  const attachment = { type: 'hook_deferred_tool', toolUseID: 'toolu_1' }
  await resume(
    {
      unknown_calls: [{ tool_use_id: 'toolu_1', name: 'Bash' }],
      started_calls: ['toolu_1'],
    },
    [{ type: 'attachment', uuid: 'u3', attachment }],
  )
  expect(said[1]).toMatchObject({
    type: 'transcript_part',
    entries: [{ message: { content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] } }],
  })
  expect(agent.options?.env).not.toHaveProperty('CLAUDE_CODE_RESUME_PROMPT')

  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'own', state: 'started' })
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'completed' })
  agent.answer('m1')
  await settled()

  expect(types().filter((type) => type === 'turn_ended')).toHaveLength(1)
  expect(said).toContainEqual(expect.objectContaining({ stop_reason: 'end_turn' }))
})

test('what the agent does before its turn is handed over names that turn', async () => {
  await resume({ turn_id: 'm1' })
  agent.say({ type: 'assistant' })
  agent.say({ type: 'stream_event', event: { type: 'message_start' } })
  await settled()

  const told = said.filter(({ type }) => type === 'sdk_message' || type === 'delta')
  expect(told).toMatchObject([{ turn_id: 'm1' }, { turn_id: 'm1' }])
})

test('A7: a turn that goes on with a call can be interrupted', async () => {
  await takeUp()
  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'own', state: 'started' })
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'completed' })
  await settled()

  coordinator.obey({ type: 'interrupt', turn_id: 'm1' })

  expect(agent.interrupts).toBe(1)
})

test('A5: a call that no transcript knows is given up, and said not to have run', async () => {
  const asked = [{ tool_use_id: 'toolu_1', over: false }]
  const options = agentOptions(ASKING)
  coordinator.obey({ type: 'open', resume: false, options, asked_calls: asked })
  await settled()

  expect(said).toMatchObject([
    { type: 'approval_closed', tool_use_id: 'toolu_1', by: 'sandbox_lost' },
    { type: 'tool_ended', tool_use_id: 'toolu_1', outcome: 'denied' },
  ])
})

const LIMITS = { start_ms: 5_000, hang_ms: 6_000, stream_idle_ms: 20_000, tool_ms: 60_000 }

function watched(): Promise<void> {
  coordinator.obey({ type: 'open', resume: false, options: agentOptions(), watchdogs: LIMITS })
  return settled()
}

test('A14: an agent that is stuck is killed, and its turn left to the next sandbox', async () => {
  await watched()
  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'started' })
  await clock.advance(LIMITS.stream_idle_ms + 1_000)
  expect(signals).toEqual(['sweep'])
  agent.end(new Error('Claude Code process terminated by signal SIGKILL'))
  exit({ code: null, signal: 'SIGKILL', stderr: 'Killed' })
  await settled()

  expect(types()).not.toContain('turn_ended')
  expect(last()).toMatchObject({
    type: 'agent_exited',
    signal: 'SIGKILL',
    reason: 'stream_wedged',
    detail: 'The agent said nothing for 20 s while it waited for the model.',
  })
  expect(validFrame(last()), JSON.stringify(validFrame.errors)).toBe(true)
  expect(finished).toEqual([ExitCode.agentExited])
})

test('A13: an agent that hangs after its result is replaced, and its turn stays complete', async () => {
  await watched()
  await run('m1')
  agent.say({ type: 'command_lifecycle', command_uuid: 'm1', state: 'started' })
  agent.say({
    type: 'result',
    subtype: 'success',
    is_error: false,
    user_message_uuids: ['m1'],
  })
  await clock.advance(LIMITS.hang_ms + 1_000)
  exit({ code: null, signal: 'SIGKILL' })
  agent.end()
  await settled()

  expect(said.filter(({ type }) => type === 'turn_ended')).toMatchObject([
    { stop_reason: 'end_turn' },
  ])
  expect(last()).toMatchObject({ type: 'agent_exited', reason: 'agent_hung' })
})

test('an agent that does not die when it is killed does not hold its sandbox', async () => {
  agent.neverReady()
  await watched()
  await clock.advance(LIMITS.start_ms + 6_000)

  expect(last()).toMatchObject({ type: 'agent_exited', reason: 'start_timed_out' })
  expect(finished).toEqual([ExitCode.agentExited])
})

test('G4: what runs in the background is told after each change, and to every worker', async () => {
  await open()
  const task = { task_id: 'b1', task_type: 'local_bash', description: 'x'.repeat(300) }
  const watcher = { task_id: 'w', task_type: 'monitor', description: 'files', ambient: true }
  const changed = (tasks: object[]) =>
    agent.say({ type: 'system', subtype: 'background_tasks_changed', tasks })
  changed([task, watcher])
  await settled()
  coordinator.attached()
  changed([])
  await settled()

  const tasks = [{ task_id: 'b1', kind: 'local_bash', description: 'x'.repeat(200) }]
  const told = said.filter(({ type }) => type === 'background_tasks')
  expect(told).toEqual([tasks, tasks, []].map((all) => ({ type: 'background_tasks', tasks: all })))
  for (const frame of told) expect(validFrame(frame), JSON.stringify(validFrame.errors)).toBe(true)
})

test('G4: what ends because the agent is stopped is not told as done', async () => {
  await open()
  const tasks = [{ task_id: 'b1', task_type: 'local_bash', description: 'serve' }]
  agent.say({ type: 'system', subtype: 'background_tasks_changed', tasks })
  await settled()
  coordinator.terminate()
  agent.say({ type: 'system', subtype: 'background_tasks_changed', tasks: [] })
  await settled()

  const told = said.filter(({ type }) => type === 'background_tasks')
  expect(told).toMatchObject([{ tasks: [{ task_id: 'b1' }] }])
})

test.for([
  [4, 'SIGKILL', 'oom_killed'],
  [3, 'SIGKILL', undefined],
  [4, 'SIGTERM', undefined],
] as const)(
  'A12: with %i kills for want of memory, an agent ended by %s is %s',
  async ([count, signal, reason]) => {
    await open()
    await run('m1')
    kills = count
    agent.end(new Error('gone'))
    exit({ code: null, signal })
    await settled()

    expect(last()).toMatchObject({ type: 'agent_exited', signal })
    expect((last() as { reason?: string }).reason).toBe(reason)
  },
)
