import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { toolResults as resultsOf } from '../../src/coordinator/tool-results.ts'
import type { Call } from './agent/wire.ts'
import { type Agent, PATIENCE } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { toolResults } from './support/recording-model.ts'
import { Workplace } from './support/workplace.ts'

const ONE_CALL = 'bash echo ran >> effects\nsay Went on.'
const ASKS = { canUseTool: true, hooks: ['PreToolUse'] }
const ASKING = { permissionMode: 'default' }

const ORDER = dependsOn('Tool journal', 'its hook and those of the project both see a call')
const GATE = dependsOn(
  'Tool journal',
  'its hook decides nothing, and the permission comes after it',
)
const CLOSED = dependsOn('Tool journal', 'its hook fails closed, by onFailure block')
const END = dependsOn('Tool journal', 'the end of a call that failed comes by PostToolUseFailure')

function methods(calls: readonly Call[]): string[] {
  return calls.map(({ method, name }) => `${method} ${name}`)
}

function refusals({ messages }: Agent): string[] {
  return messages.flatMap(resultsOf).flatMap(({ refusal }) => refusal ?? [])
}

const allowed = { behavior: 'allow', updatedInput: { command: 'echo ran >> effects' } }

test(
  'hooks: without a decision of the hook the permission is asked for after it',
  upholds(GATE, async () => {
    const place = await Workplace.open()
    const agent = place.start({
      options: ASKING,
      callbacks: ASKS,
      answer: ({ method }) => (method === 'canUseTool' ? allowed : {}),
    })
    agent.say(ONE_CALL)
    await agent.results(1)

    expect(methods(agent.calls)).toEqual(['hook PreToolUse', 'canUseTool Bash'])
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'hooks: an allow of the hook skips the permission',
  upholds(GATE, async () => {
    const place = await Workplace.open()
    const hookSpecificOutput = { hookEventName: 'PreToolUse', permissionDecision: 'allow' }
    const agent = place.start({
      options: ASKING,
      callbacks: ASKS,
      answer: () => ({ hookSpecificOutput }),
    })
    agent.say(ONE_CALL)
    await agent.results(1)

    expect(methods(agent.calls)).toEqual(['hook PreToolUse'])
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  "hooks: a deny by the project's own hook wins, and the host's hook is called, too",
  upholds(ORDER, async () => {
    const place = await Workplace.open()
    const command = "echo asked >> asked; echo 'not here' >&2; exit 2"
    const hooks = { PreToolUse: [{ hooks: [{ type: 'command', command }] }] }
    mkdirSync(join(place.cwd, '.claude'))
    writeFileSync(join(place.cwd, '.claude', 'settings.json'), JSON.stringify({ hooks }))

    const agent = place.start({
      options: { settingSources: ['project'] },
      callbacks: { hooks: ['PreToolUse', 'PostToolUse', 'PostToolUseFailure'] },
      answer: () => ({}),
    })
    agent.say(ONE_CALL)
    await agent.results(1)

    expect(place.read('asked')).toBe('asked\n')
    expect(methods(agent.calls)).toEqual(['hook PreToolUse'])
    expect(place.read('effects')).toBe('')
    expect([...toolResults(place.model.seen[1]).values()]).toMatchObject([
      { is_error: true, content: expect.stringContaining('not here') },
    ])
  }),
)

const REFUSED = dependsOn(
  'Tool journal',
  'the result of a call tells whether it was refused before it ran, or cut while it ran',
)

test.for([
  ['a rule', { disallowedTools: ['Bash(echo *)'] }, 'exit 0'],
  ['a hook of the project', { settingSources: ['project'] }, 'exit 2'],
] as const)(
  'hooks: the result of a call that %s refuses names the decision',
  upholds(REFUSED, async ([, options, command]) => {
    const place = await Workplace.open()
    const hooks = { PreToolUse: [{ hooks: [{ type: 'command', command }] }] }
    mkdirSync(join(place.cwd, '.claude'))
    writeFileSync(join(place.cwd, '.claude', 'settings.json'), JSON.stringify({ hooks }))

    const agent = place.start({ options })
    agent.say(ONE_CALL)
    await agent.results(1)

    expect(refusals(agent)).toHaveLength(1)
    expect(place.read('effects')).toBe('')
  }),
)

test(
  'hooks: the result of a call that an interrupt cuts names no decision',
  upholds(REFUSED, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say('bash echo ran >> effects; exec sleep 30\nsay Went on.')
    await vi.waitUntil(() => place.read('effects') === 'ran\n', PATIENCE)
    await agent.interrupt()
    await agent.results(1)

    expect(agent.messages.flatMap(resultsOf)).toMatchObject([{ isError: true }])
    expect(refusals(agent)).toEqual([])
  }),
)

test(
  'hooks: a call that fails ends with PostToolUseFailure, any other one with PostToolUse',
  upholds(END, async () => {
    const place = await Workplace.open()
    const agent = place.start({
      callbacks: { hooks: ['PreToolUse', 'PostToolUse', 'PostToolUseFailure'] },
      answer: () => ({}),
    })
    agent.say('bash exit 3\nbash true\nsay Went on.')
    await agent.results(1)

    expect(methods(agent.calls)).toEqual([
      'hook PreToolUse',
      'hook PostToolUseFailure',
      'hook PreToolUse',
      'hook PostToolUse',
    ])
  }),
)

test.for([
  ['continue', 'lets', 'ran\n'],
  ['block', 'does not let', ''],
] as const)(
  'hooks: with onFailure %s a hook that throws %s the call run',
  upholds(CLOSED, async ([onFailure, , effects]) => {
    const place = await Workplace.open()
    const agent = place.start({
      callbacks: { hooks: ['PreToolUse'], onFailure },
      answer: () => {
        throw new Error('the journal cannot be written')
      },
    })
    agent.say(ONE_CALL)
    const [result] = await agent.results(1)

    expect(methods(agent.calls)).toEqual(['hook PreToolUse'])
    expect(place.read('effects')).toBe(effects)
    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
  }),
)

const BOUNDED = dependsOn(
  'Approvals',
  "a hook of the project's own settings blocks when it fails, if they say onFailure block",
)

test.for([
  ['crashes', 'block', 'does not let', ''],
  ['hangs', 'block', 'does not let', ''],
  ['crashes', 'continue', 'lets', 'ran\n'],
  ['hangs', 'continue', 'lets', 'ran\n'],
] as const)(
  "I3: a hook of the project's settings that %s, with onFailure %s, %s the call run",
  upholds(BOUNDED, async ([failure, onFailure, , effects]) => {
    const place = await Workplace.open()
    const command = failure === 'crashes' ? 'exit 1' : 'exec tail -f /dev/null'
    const hook = { type: 'command', command, timeout: 2, onFailure }
    mkdirSync(join(place.cwd, '.claude'))
    writeFileSync(
      join(place.cwd, '.claude', 'settings.json'),
      JSON.stringify({ hooks: { PreToolUse: [{ hooks: [hook] }] } }),
    )

    const agent = place.start({ options: { settingSources: ['project'] } })
    agent.say(ONE_CALL)
    const [result] = await agent.results(1)

    expect(place.read('effects')).toBe(effects)
    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect([...toolResults(place.model.seen[1]).values()]).toMatchObject([
      { is_error: onFailure === 'block' },
    ])
  }),
)
