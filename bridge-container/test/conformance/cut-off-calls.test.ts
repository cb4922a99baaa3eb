import { expect, test } from 'vitest'
import { NEVER } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { CALL, killedInACall, SCRIPT } from './support/killed-in-a-call.ts'
import { CONTINUE, HANGS, OUTCOME_UNKNOWN, SHOWS_CUT_OFF_CALLS } from './support/phrases.ts'
import { textsOf, toolCalls, toolResults } from './support/recording-model.ts'
import { AFTER_A_LOSS, Workplace } from './support/workplace.ts'

const TOLD = dependsOn(
  'Tool journal',
  'a cut call is shown to the model as of unknown outcome, and nothing but the model runs it again',
)

test(
  'A: a call that was cut is shown to the model as of unknown outcome, and is not run again',
  upholds(TOLD, async () => {
    const place = await killedInACall()

    const [result] = await place.resume().results(1)

    expect(place.model.seen).toHaveLength(2)
    const results = [...toolResults(place.model.seen[1]).values()]
    expect(results).toMatchObject([{ is_error: true, content: OUTCOME_UNKNOWN }])
    expect(textsOf(place.model.seen[1])).toContain(CONTINUE)
    expect(place.read('effects')).toBe('ran\n')
    expect(result).toMatchObject({
      subtype: 'success',
      result: 'Went on.',
      resume_reason: 'killed',
    })
  }),
)

test(
  'A: without RESUME_SHOWS_CUT_OFF_CALLS the call is hidden, and the model makes it again',
  upholds(
    dependsOn('Image defaults', 'RESUME_SHOWS_CUT_OFF_CALLS is needed: else calls vanish'),
    async () => {
      const place = await killedInACall()

      place.resume({ ...AFTER_A_LOSS, without: [SHOWS_CUT_OFF_CALLS] })
      await place.untilFile('effects', 'ran\nran\n')

      expect(toolCalls(place.model.seen[1])).toEqual([])
      expect(textsOf(place.model.seen[1]).at(-1)).toBe(CONTINUE)
    },
  ),
)

test(
  'A′: a new message without any variable tells the model of the cut call, too',
  upholds(dependsOn('Recovery order', 'the way back if the variables go away'), async () => {
    const place = await killedInACall()

    const agent = place.resume({ without: [SHOWS_CUT_OFF_CALLS] })
    agent.say('say Something else.')
    const [result] = await agent.results(1)

    expect(result).toMatchObject({ subtype: 'success', result: 'Something else.' })
    expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
    expect(textsOf(place.model.seen[1])).toContain('No response requested.')
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'A′: without a reason the turn stays cut until a new message comes',
  upholds(
    dependsOn('Recovery order', 'without a reason nobody wants the old turn back'),
    async () => {
      const place = await killedInACall()

      const agent = place.resume({})
      agent.say('say Something else.')
      const [result] = await agent.results(1)

      expect(result).toMatchObject({ subtype: 'success', result: 'Something else.' })
      expect(place.model.seen).toHaveLength(2)
      expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
      expect(place.read('effects')).toBe('ran\n')
    },
  ),
)

const PARALLEL = `parallel:
  bash echo one >> effects; echo first
  bash until grep -q one effects; do :; done; echo two >> effects; echo second
  bash until grep -q two effects; do :; done; echo three >> effects; ${HANGS}
say Went on.`

/** Killed when two of three calls of one answer were done. */
async function killedInTheThirdCall(): Promise<Workplace> {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(PARALLEL)
  await place.untilFile('effects', 'one\ntwo\nthree\n')
  await place.untilStored('"content":"first"')
  await place.untilStored('"content":"second"')
  await agent.kill()
  return place
}

test(
  'P1: of parallel calls the done ones keep their results, and only the running one is unknown',
  upholds(TOLD, async () => {
    const place = await killedInTheThirdCall()

    await place.resume().results(1)

    const results = [...toolResults(place.model.seen[1]).values()]
    expect(results).toMatchObject([
      { content: 'first' },
      { content: 'second' },
      { is_error: true, content: OUTCOME_UNKNOWN },
    ])
    expect(place.read('effects')).toBe('one\ntwo\nthree\n')
  }),
)

test(
  'P1: without RESUME_SHOWS_CUT_OFF_CALLS the running one of parallel calls vanishes',
  upholds(
    dependsOn('Image defaults', 'RESUME_SHOWS_CUT_OFF_CALLS is needed: else calls vanish'),
    async () => {
      const place = await killedInTheThirdCall()

      place.resume({ ...AFTER_A_LOSS, without: [SHOWS_CUT_OFF_CALLS] })
      await place.untilFile('effects', 'one\ntwo\nthree\nthree\n')

      const results = [...toolResults(place.model.seen[1]).values()]
      expect(results).toMatchObject([{ content: 'first' }, { content: 'second' }])
      expect(toolCalls(place.model.seen[1])).toHaveLength(2)
    },
  ),
)

test(
  'P8: a call whose hook had not answered did not run, but is shown as of unknown outcome',
  upholds(
    dependsOn('Tool journal', 'a call does not run before its hook has answered'),
    async () => {
      const place = await Workplace.open()
      const agent = place.start({ callbacks: { hooks: ['PreToolUse'] }, answer: () => NEVER })
      agent.say(SCRIPT)
      await agent.called('hook', 'PreToolUse')
      await place.untilStored(CALL)
      await agent.kill()

      await place.resume().results(1)

      expect(place.read('effects')).toBe('')
      expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
    },
  ),
)

test(
  'D: at SIGTERM the agent kills the call, tells its result, and exits with 143',
  upholds(dependsOn('Image defaults', 'TERM comes first: the agent ends in order'), async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(SCRIPT)
    await place.untilFile('effects', 'ran\n')
    agent.signalAgent('SIGTERM')
    const thrown = await agent.ended()

    expect(thrown).toContain('143')
    expect(agent.messagesOf('user').map(({ message }) => message)).toMatchObject([
      { content: [{ type: 'tool_result', content: 'Exit code 137', is_error: true }] },
    ])
  }),
)

test(
  'D: after SIGTERM the model is told that the call was killed, or that its outcome is unknown',
  upholds(TOLD, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(SCRIPT)
    await place.untilFile('effects', 'ran\n')
    agent.signalAgent('SIGTERM')
    await agent.ended()

    await place.resume().results(1)

    // The result does not always reach the disk before the agent exits.
    const [result] = [...toolResults(place.model.seen[1]).values()]
    expect(result).toMatchObject({
      is_error: true,
      content: expect.stringMatching(/^Exit code 137$|its outcome is unknown/),
    })
    expect(place.read('effects')).toBe('ran\n')
  }),
)
