import { expect, test } from 'vitest'
import { NEVER } from './support/agent.ts'
import { dependsOn } from './support/contracts.ts'
import { CONTINUE, HANGS, OUTCOME_UNKNOWN, SHOWS_CUT_OFF_CALLS } from './support/phrases.ts'
import { textsOf, toolCalls, toolResults } from './support/recording-model.ts'
import { AFTER_A_LOSS, Workplace } from './support/workplace.ts'

const SCRIPT = `bash echo ran >> effects; ${HANGS}\nsay Went on.`

const TOLD = dependsOn(
  'Tool journal',
  'the model is told that the outcome of a cut call is unknown',
)
const NOT_AGAIN = dependsOn('Tool journal', 'nothing but the model runs a cut call again')

/** Killed while the one call of the script ran. */
async function killedInACall(): Promise<Workplace> {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(SCRIPT)
  await place.untilFile('effects', 'ran\n')
  await place.untilStored('"type":"tool_use"')
  await agent.kill()
  return place
}

test('A: a call that was cut is shown to the model as of unknown outcome, and is not run again', async () => {
  const place = await killedInACall()

  const [result] = await place.resume().results(1)

  expect(place.model.seen, NOT_AGAIN).toHaveLength(2)
  const results = [...toolResults(place.model.seen[1]).values()]
  expect(results, TOLD).toMatchObject([{ is_error: true, content: OUTCOME_UNKNOWN }])
  expect(textsOf(place.model.seen[1]), TOLD).toContain(CONTINUE)
  expect(place.read('effects'), NOT_AGAIN).toBe('ran\n')
  expect(result).toMatchObject({ subtype: 'success', result: 'Went on.', resume_reason: 'killed' })
})

test('A: without RESUME_SHOWS_CUT_OFF_CALLS the call is hidden, and the model makes it again', async () => {
  const place = await killedInACall()

  place.resume({ ...AFTER_A_LOSS, without: [SHOWS_CUT_OFF_CALLS] })
  await place.untilFile('effects', 'ran\nran\n')

  const why = dependsOn('Image defaults', 'RESUME_SHOWS_CUT_OFF_CALLS is needed: else calls vanish')
  expect(toolCalls(place.model.seen[1]), why).toEqual([])
  expect(textsOf(place.model.seen[1]).at(-1), why).toBe(CONTINUE)
})

test('A′: a new message without any variable tells the model of the cut call, too', async () => {
  const place = await killedInACall()

  const agent = place.resume({ without: [SHOWS_CUT_OFF_CALLS] })
  agent.say('say Something else.')
  const [result] = await agent.results(1)

  const fallback = dependsOn('Recovery order', 'the way back if the variables go away')
  expect(result, fallback).toMatchObject({ subtype: 'success', result: 'Something else.' })
  expect(textsOf(place.model.seen[1]), fallback).toContainEqual(OUTCOME_UNKNOWN)
  expect(textsOf(place.model.seen[1]), fallback).toContain('No response requested.')
  expect(place.read('effects'), NOT_AGAIN).toBe('ran\n')
})

test('A′: without a reason the turn stays cut until a new message comes', async () => {
  const place = await killedInACall()

  const agent = place.resume({})
  agent.say('say Something else.')
  const [result] = await agent.results(1)

  const cut = dependsOn('Recovery order', 'without a reason nobody wants the old turn back')
  expect(result, cut).toMatchObject({ subtype: 'success', result: 'Something else.' })
  expect(place.model.seen, cut).toHaveLength(2)
  expect(textsOf(place.model.seen[1]), TOLD).toContainEqual(OUTCOME_UNKNOWN)
  expect(place.read('effects'), NOT_AGAIN).toBe('ran\n')
})

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

test('P1: of parallel calls the done ones keep their results, and only the running one is unknown', async () => {
  const place = await killedInTheThirdCall()

  await place.resume().results(1)

  const results = [...toolResults(place.model.seen[1]).values()]
  expect(results, TOLD).toMatchObject([
    { content: 'first' },
    { content: 'second' },
    { is_error: true, content: OUTCOME_UNKNOWN },
  ])
  expect(place.read('effects'), NOT_AGAIN).toBe('one\ntwo\nthree\n')
})

test('P1: without RESUME_SHOWS_CUT_OFF_CALLS the running one of parallel calls vanishes', async () => {
  const place = await killedInTheThirdCall()

  place.resume({ ...AFTER_A_LOSS, without: [SHOWS_CUT_OFF_CALLS] })
  await place.untilFile('effects', 'one\ntwo\nthree\nthree\n')

  const why = dependsOn('Image defaults', 'RESUME_SHOWS_CUT_OFF_CALLS is needed: else calls vanish')
  const results = [...toolResults(place.model.seen[1]).values()]
  expect(results, why).toMatchObject([{ content: 'first' }, { content: 'second' }])
  expect(toolCalls(place.model.seen[1]), why).toHaveLength(2)
})

test('P8: a call whose hook had not answered did not run, but is shown as of unknown outcome', async () => {
  const place = await Workplace.open()
  const agent = place.start({ callbacks: { hooks: ['PreToolUse'] }, answer: () => NEVER })
  agent.say(SCRIPT)
  await agent.called('hook', 'PreToolUse')
  await place.untilStored('"type":"tool_use"')
  await agent.kill()

  await place.resume().results(1)

  const never = dependsOn('Tool journal', 'a call does not run before its hook has answered')
  expect(place.read('effects'), never).toBe('')
  expect(textsOf(place.model.seen[1]), TOLD).toContainEqual(OUTCOME_UNKNOWN)
})

test('D: at SIGTERM the agent kills the call, tells its result, and exits with 143', async () => {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(SCRIPT)
  await place.untilFile('effects', 'ran\n')
  agent.signalAgent('SIGTERM')
  const thrown = await agent.ended()

  const polite = dependsOn('Image defaults', 'TERM comes first: the agent ends in order')
  expect(thrown, polite).toContain('143')
  expect(
    agent.messagesOf('user').map(({ message }) => message),
    polite,
  ).toMatchObject([
    { content: [{ type: 'tool_result', content: 'Exit code 137', is_error: true }] },
  ])
})

test('D: after SIGTERM the model is told that the call was killed, or that its outcome is unknown', async () => {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(SCRIPT)
  await place.untilFile('effects', 'ran\n')
  agent.signalAgent('SIGTERM')
  await agent.ended()

  await place.resume().results(1)

  // The result does not always reach the disk before the agent exits.
  const [result] = [...toolResults(place.model.seen[1]).values()]
  expect(result, TOLD).toMatchObject({
    is_error: true,
    content: expect.stringMatching(/^Exit code 137$|its outcome is unknown/),
  })
  expect(place.read('effects'), NOT_AGAIN).toBe('ran\n')
})
