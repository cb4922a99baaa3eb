import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CutCalls } from '../../src/coordinator/cut-calls.ts'
import { droppedCall, messagesOf } from '../../src/coordinator/turn-end.ts'
import type { Call, SdkMessage } from './agent/wire.ts'
import { type Agent, type Answer, NEVER } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { CALL } from './support/killed-in-a-call.ts'
import { HANGS, OUTCOME_UNKNOWN, SHOWS_CUT_OFF_CALLS } from './support/phrases.ts'
import { textsOf, toolCalls, toolResults } from './support/recording-model.ts'
import { AFTER_A_LOSS, type Resumption, Workplace } from './support/workplace.ts'

const ONE_CALL = 'bash echo ran >> effects; echo done\nsay Went on.'
const HOOK = { callbacks: { hooks: ['PreToolUse'] } }

const PARKED = dependsOn('Approvals', 'a parked call runs when it is approved, once')

type Decision = 'allow' | 'deny' | 'defer'

function decides(permissionDecision: Decision, permissionDecisionReason = 'decided'): unknown {
  const hookEventName = 'PreToolUse'
  return { hookSpecificOutput: { hookEventName, permissionDecision, permissionDecisionReason } }
}

function commandOf({ input }: Call): string {
  return (input.tool_input as { command: string }).command
}

/** Defers the calls whose command has this in it, and decides nothing of the others. */
function defersWhere(text: string): Answer {
  return (call) => (commandOf(call).includes(text) ? decides('defer') : {})
}

function allows(): Answer {
  return () => decides('allow')
}

async function parked(script: string, deferred: string) {
  const place = await Workplace.open()
  const agent = place.start({ ...HOOK, answer: defersWhere(deferred) })
  agent.say(script)
  const [result] = await agent.results(1)
  return { place, agent, result: result as SdkMessage }
}

test(
  'G: a call that waited for a permission did not run, and nobody is asked again',
  upholds(
    dependsOn('Approvals', 'the workflow has to ask again, since the agent does not'),
    async () => {
      const place = await Workplace.open()
      const asks = { callbacks: { canUseTool: true }, options: { permissionMode: 'default' } }
      const agent = place.start({ ...asks, answer: () => NEVER })
      agent.say(ONE_CALL)
      await agent.called('canUseTool', 'Bash')
      await place.untilStored(CALL)
      await agent.kill()

      const next = place.resume(AFTER_A_LOSS, { ...asks, answer: () => NEVER })
      await next.results(1)

      expect(next.calls).toEqual([])
      expect(place.read('effects')).toBe('')
      expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
    },
  ),
)

test(
  'F: a deferred call parks the turn, and runs once when its hook allows it after a resume',
  upholds(PARKED, async () => {
    const { place, agent, result } = await parked(ONE_CALL, 'echo ran')
    expect(result).toMatchObject({
      terminal_reason: 'tool_deferred',
      deferred_tool_use: { name: 'Bash' },
    })
    await agent.close()

    const next = place.resume(AFTER_A_LOSS, { ...HOOK, answer: allows() })
    const [ended] = await next.results(1)

    expect(next.calls).toHaveLength(1)
    expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'P4: a turn that is parked survives the loss of its process',
  upholds(PARKED, async () => {
    const { place, agent } = await parked(ONE_CALL, 'echo ran')
    expect(place.transcript().join('\n').includes('hook_deferred_tool')).toBe(true)
    await agent.kill()

    const next = place.resume(AFTER_A_LOSS, { ...HOOK, answer: allows() })
    const [ended] = await next.results(1)

    expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(place.read('effects')).toBe('ran\n')
  }),
)

/** Parked, approved after a resume, and killed while the approved call ran. */
async function killedInAnApprovedCall(): Promise<{ place: Workplace; agent: Agent }> {
  const { place, agent } = await parked(`bash echo ran >> effects; ${HANGS}\nsay Went on.`, 'ran')
  await agent.kill()
  const approved = place.resume(AFTER_A_LOSS, { ...HOOK, answer: allows() })
  await place.untilFile('effects', 'ran\n')
  await approved.kill()
  return { place, agent: approved }
}

const RESUMPTIONS = [
  ['with both variables', AFTER_A_LOSS],
  ['without any variable', { without: [SHOWS_CUT_OFF_CALLS] }],
] as const

test.for(RESUMPTIONS)(
  'P5: an approved call that was cut runs a second time, %s, if its hook allows it again',
  upholds(
    dependsOn('Tool journal', 'the hook denies a call that is already started'),
    async ([, resumption]) => {
      const { place, agent } = await killedInAnApprovedCall()

      const next = place.resume(resumption, { ...HOOK, answer: allows() })
      await place.untilFile('effects', 'ran\nran\n')

      expect(next.calls[0]?.input.tool_use_id).toBe(agent.calls[0]?.input.tool_use_id)
      expect(place.model.seen).toHaveLength(1)
    },
  ),
)

test(
  'P6: a hook that denies what was started keeps it from running twice, and the model goes on',
  upholds(
    dependsOn('Tool journal', 'the hook is the gate that lets a call run at most once'),
    async () => {
      const { place, agent } = await killedInAnApprovedCall()
      const started = new Set(agent.calls.map(({ input }) => input.tool_use_id))

      const next = place.resume(AFTER_A_LOSS, {
        ...HOOK,
        answer: ({ input }) =>
          started.has(input.tool_use_id) ? decides('deny', 'outcome unknown, check first') : {},
      })
      const [ended] = await next.results(1)

      expect(place.read('effects')).toBe('ran\n')
      const results = [...toolResults(place.model.seen[1]).values()]
      expect(results).toMatchObject([
        { is_error: true, content: expect.stringContaining('outcome unknown, check first') },
      ])
      expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    },
  ),
)

const THREE = `parallel:
  bash echo one >> effects; echo first
  bash echo two >> effects; echo second
  bash echo three >> effects; echo third
say Went on.`

test.for(RESUMPTIONS)(
  'P2: of several deferred calls only the last one is kept, the others are gone, %s',
  upholds(
    dependsOn('Approvals', 'at most one call of a message is deferred'),
    async ([, resumption]) => {
      const { place, agent, result } = await parked(THREE, 'effects')
      await agent.kill()
      const [first, second, last] = agent.calls.map(({ input }) => input.tool_use_id)

      const next = place.resume(resumption, { ...HOOK, answer: allows() })
      await next.results(1)

      const askedAgain = next.calls.map(({ input }) => input.tool_use_id)
      expect(result.deferred_tool_use).toMatchObject({ id: last })
      expect(askedAgain[0]).toBe(last)
      expect(askedAgain).not.toContain(first)
      expect(askedAgain).not.toContain(second)
      expect(toolCalls(place.model.seen[1])).toEqual([last])
      expect([...toolResults(place.model.seen[1]).values()]).toMatchObject([{ content: 'third' }])
    },
  ),
)

test.for(['one', 'three'])(
  'P3: beside one deferred call (%s) the others of its message run at once',
  upholds(
    dependsOn('Approvals', 'one deferred call among others that run is safe'),
    async (deferred) => {
      const { place, agent, result } = await parked(THREE, deferred)
      expect(result).toMatchObject({ terminal_reason: 'tool_deferred' })
      const others = ['one', 'two', 'three'].filter((name) => name !== deferred)
      expect(place.read('effects').split('\n').filter(Boolean)).toEqual(others)
      await agent.kill()

      const next = place.resume(AFTER_A_LOSS, { ...HOOK, answer: allows() })
      await next.results(1)

      expect(place.read('effects').split('\n').filter(Boolean)).toEqual([...others, deferred])
      const contents = [...toolResults(place.model.seen[1]).values()].map(({ content }) => content)
      expect(contents.toSorted()).toEqual(['first', 'second', 'third'])
    },
  ),
)

test(
  'P7: a message to a parked session is answered after the parked call has run',
  upholds(dependsOn('Approvals', 'a parked call is answered before a new message'), async () => {
    const { place, agent } = await parked(ONE_CALL, 'echo ran')
    await agent.kill()

    const next = place.resume(AFTER_A_LOSS, { ...HOOK, answer: allows() })
    next.say('say Next.')
    const results = await next.results(2)

    expect(results).toMatchObject([{ result: 'Went on.' }, { result: 'Next.' }])
    expect(place.read('effects')).toBe('ran\n')
  }),
)

const ASKS = { callbacks: { canUseTool: true, hooks: ['PreToolUse'] } }
const ASKING = { ...ASKS, options: { permissionMode: 'default' } }
const MARKED = dependsOn(
  'Approvals',
  'a call that waited is taken up when it is marked as deferred',
)

const waits: Answer = ({ method }) => (method === 'canUseTool' ? NEVER : {})

/** Adds to the transcript what the bridge adds when it restores it. */
function restores(place: Workplace, calls: { asked?: string[]; started?: string[] }): void {
  const { asked = [], started = [] } = calls
  const cut = new CutCalls({
    asked: asked.map((id) => ({ tool_use_id: id, over: false })),
    started,
    takesUp: true,
    newId: randomUUID,
  })
  for (const line of place.transcript()) cut.read(JSON.parse(line))
  const lines = cut.finish(new Date().toISOString()).map((entry) => `${JSON.stringify(entry)}\n`)
  appendFileSync(place.transcriptPath() ?? '', lines.join(''))
}

/** Killed while its first call waited for a permission; then marked as the bridge marks it. */
async function killedWhileItAsked(script: string) {
  const place = await Workplace.open()
  const agent = place.start({ ...ASKING, answer: waits })
  const message = agent.say(script)
  const call = await agent.called('canUseTool', 'Bash')
  await place.untilStored(CALL)
  await agent.kill()
  const id = String(call.input.toolUseID)
  restores(place, { asked: [id] })
  return { place, message, id }
}

const allowsWhenAsked: Answer = ({ input, method }) =>
  method === 'canUseTool' ? { behavior: 'allow', updatedInput: input.input } : {}

test(
  'A5: a call that waited is asked for again under its id, and its result names no message',
  upholds(MARKED, async () => {
    const { id, message, place } = await killedWhileItAsked(ONE_CALL)

    const next = place.resume(AFTER_A_LOSS, { ...ASKING, answer: allowsWhenAsked })
    next.say(ONE_CALL, message)
    const [ended] = await next.results(1)

    const asked = next.calls.filter(({ method }) => method === 'canUseTool')
    expect(asked.map(({ input }) => input.toolUseID)).toEqual([id])
    expect(place.read('effects')).toBe('ran\n')
    expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(ended).not.toHaveProperty('user_message_uuid')
    expect(ended).not.toHaveProperty('user_message_uuids')
    expect(next.lifecycle(message)).toEqual(['completed'])
  }),
)

test(
  'A5: a call that was taken up and killed again while it waits is taken up once more',
  upholds(MARKED, async () => {
    const { id, message, place } = await killedWhileItAsked(ONE_CALL)
    const second = place.resume(AFTER_A_LOSS, { ...ASKING, answer: waits })
    second.say(ONE_CALL, message)
    await second.called('canUseTool', 'Bash')
    await second.kill()

    const refuses: Answer = ({ method }) =>
      method === 'canUseTool' ? { behavior: 'deny', message: 'Not so.' } : {}
    const third = place.resume(AFTER_A_LOSS, { ...ASKING, answer: refuses })
    await third.results(1)

    expect(third.calls.at(-1)?.input.toolUseID).toBe(id)
    expect(place.read('effects')).toBe('')
  }),
)

/** Taken up by an agent that does not have the tool any more, and then asked something else. */
async function takenUpWithoutItsTool(resumption: Resumption) {
  const { id, message, place } = await killedWhileItAsked(ONE_CALL)
  const options = { ...ASKING.options, disallowedTools: ['Bash'] }
  const next = place.resume(resumption, { ...ASKING, options, answer: allowsWhenAsked })
  next.say(ONE_CALL, message)
  await next.results(1)
  next.say('say Next.')
  return { id, place, results: await next.results(2) }
}

test(
  'A5: a call that was taken up without its tool ends its turn, and the model is told of it later',
  upholds(MARKED, async () => {
    const { id, place, results } = await takenUpWithoutItsTool(AFTER_A_LOSS)

    expect(droppedCall(results[0])).toEqual({ id, name: 'Bash' })
    expect(messagesOf(results[0])).toEqual([])
    expect(results[1]).toMatchObject({ is_error: false, result: 'Next.' })
    expect(toolResults(place.model.seen.at(-1)).get(id)).toMatchObject({ is_error: true })
    expect(place.read('effects')).toBe('')
  }),
)

test(
  'A5: without DROP_UNAVAILABLE_DEFERRED_TOOL such a call ends every later turn, too',
  upholds(
    dependsOn(
      'Image defaults',
      'DROP_UNAVAILABLE_DEFERRED_TOOL is needed: else a session is stuck',
    ),
    async () => {
      const { id, results } = await takenUpWithoutItsTool({
        ...AFTER_A_LOSS,
        without: ['CLAUDE_CODE_DROP_UNAVAILABLE_DEFERRED_TOOL'],
      })

      expect(results.map(droppedCall)).toEqual([
        { id, name: 'Bash' },
        { id, name: 'Bash' },
      ])
    },
  ),
)

/** Taken up, allowed, and killed while the call ran. */
async function killedInACallThatWasTakenUp() {
  const script = `bash echo ran >> effects; ${HANGS}\nsay Went on.`
  const { id, message, place } = await killedWhileItAsked(script)
  const second = place.resume(AFTER_A_LOSS, { ...ASKING, answer: allowsWhenAsked })
  second.say(script, message)
  await place.untilFile('effects', 'ran\n')
  await second.kill()
  return { id, message, place, script }
}

const refusesWhatStarted: Answer = ({ method, name }) =>
  method === 'hook' && name === 'PreToolUse' ? decides('deny', 'outcome unknown') : {}

test(
  'A5: the agent comes back to a call that was taken up and cut, and its result names no message',
  upholds(MARKED, async () => {
    const { id, message, place, script } = await killedInACallThatWasTakenUp()

    const third = place.resume(AFTER_A_LOSS, { ...ASKING, answer: refusesWhatStarted })
    third.say(script, message)
    const [ended] = await third.results(1)

    expect(third.calls.map(({ input }) => input.tool_use_id)).toEqual([id])
    expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(messagesOf(ended)).toEqual([])
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'A5: a call that was taken up and cut is told of in its result, and the result names the message',
  upholds(MARKED, async () => {
    const { id, message, place, script } = await killedInACallThatWasTakenUp()
    restores(place, { started: [id] })

    const third = place.resume(AFTER_A_LOSS, { ...ASKING, answer: refusesWhatStarted })
    third.say(script, message)
    const [ended] = await third.results(1)

    expect(third.calls).toEqual([])
    expect(ended).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(messagesOf(ended)).toEqual([message])
    expect(place.read('effects')).toBe('ran\n')
    const told = textsOf(place.model.seen.at(-1)).filter((text) => text.includes('unknown'))
    expect(told).toEqual([expect.stringContaining('the outcome is unknown')])
  }),
)

test(
  'A6: beside a call that is taken up the model sees how the others of its message stand',
  upholds(MARKED, async () => {
    const { message, place } = await killedWhileItAsked(THREE)

    const next = place.resume(AFTER_A_LOSS, { ...ASKING, answer: allowsWhenAsked })
    next.say(THREE, message)
    await next.results(1)

    expect(place.read('effects')).toBe('one\n')
    const seen = [...toolResults(place.model.seen[1]).values()].map(({ content }) => content)
    expect(seen).toHaveLength(3)
    expect(seen).toContain('first')
    expect(seen.filter((content) => String(content).includes('did not run'))).toHaveLength(2)
  }),
)

test(
  'A7: a call that was taken up can be interrupted, and the session goes on',
  upholds(MARKED, async () => {
    const { message, place } = await killedWhileItAsked(ONE_CALL)
    const next = place.resume(AFTER_A_LOSS, { ...ASKING, answer: waits })
    next.say(ONE_CALL, message)
    await next.called('canUseTool', 'Bash')

    await next.interrupt()
    next.say('say Next.')
    const results = await next.results(2)

    expect(results).toMatchObject([
      { subtype: 'error_during_execution', terminal_reason: 'aborted_streaming' },
      { result: 'Next.' },
    ])
    expect(place.read('effects')).toBe('')
  }),
)

const ASK = dependsOn('Approvals', 'the hook can make the agent ask, so that the call starts later')

test.for([
  ['by itself does not ask for what only looks', {}, {}, false],
  ['asks when the hook says so', {}, { permissionDecision: 'ask' }, true],
  [
    'asks even for what a rule allows',
    { allowedTools: ['Bash'] },
    { permissionDecision: 'ask' },
    true,
  ],
  [
    'asks nobody for what a rule denies',
    { disallowedTools: ['Bash(cat:*)'] },
    { permissionDecision: 'ask' },
    false,
  ],
] as const)(
  'approvals: the agent %s',
  upholds(ASK, async ([, options, decision, asked]) => {
    const place = await Workplace.open()
    const agent = place.start({
      ...ASKS,
      options: { permissionMode: 'default', ...options },
      answer: (call) =>
        call.method === 'canUseTool'
          ? allowsWhenAsked(call)
          : { hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } },
    })
    agent.say('bash cat nothing\nsay Went on.')
    await agent.results(1)

    expect(agent.calls.some(({ method }) => method === 'canUseTool')).toBe(asked)
  }),
)
