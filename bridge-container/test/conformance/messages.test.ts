import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { TranscriptOutcomes } from '../../src/coordinator/transcript-outcomes.ts'
import { NEVER } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { CALL } from './support/killed-in-a-call.ts'
import { HANGS } from './support/phrases.ts'
import { textsOf } from './support/recording-model.ts'
import { AFTER_A_LOSS, Workplace } from './support/workplace.ts'

const FIRST = `bash echo first >> effects; ${HANGS}\nsay First.`
const SECOND = 'bash echo second >> effects\nsay Second.'

const QUEUE = dependsOn('Message submit', "the workflow's queue is the truth, not the SDK's")
const KEY = dependsOn('Message submit', 'the uuid of a message keeps it from running twice')
const END = dependsOn('Recovery order', 'the end of a turn is told from its transcript')

/** Killed in the first message's call, with a second message in the agent's queue. */
async function killedWithAQueue(): Promise<{ place: Workplace; first: string; second: string }> {
  const place = await Workplace.open()
  const agent = place.start()
  const first = agent.say(FIRST)
  await place.untilFile('effects', 'first\n')
  const second = agent.say(SECOND)
  await agent.untilState(second, 'queued')
  await place.untilStored(CALL)
  await place.untilStored('echo second')
  await agent.kill()
  return { place, first, second }
}

test(
  'E: a message that waited in the queue is lost with the agent',
  upholds(QUEUE, async () => {
    const { place } = await killedWithAQueue()
    const lines = place.transcript().filter((line) => line.includes('echo second'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"type":"queue-operation"')

    const agent = place.resume()
    await agent.results(1)
    agent.say('say Third.')
    const results = await agent.results(2)

    expect(results).toMatchObject([{ result: 'First.' }, { result: 'Third.' }])
    expect(place.read('effects')).toBe('first\n')
    expect(textsOf(place.model.seen.at(-1))).not.toContain(SECOND)
  }),
)

test(
  'N: of messages that are sent again the consumed one is only completed, the other one runs',
  upholds(KEY, async () => {
    const { place, first, second } = await killedWithAQueue()

    const agent = place.resume()
    agent.say(FIRST, first)
    agent.say(SECOND, second)
    await agent.untilState(second, 'completed')

    expect(agent.lifecycle(first)).toEqual(['completed'])
    expect(agent.lifecycle(second)).toContain('started')
    expect(place.read('effects')).toBe('first\nsecond\n')
  }),
)

test(
  'N: a message that is sent twice to one process runs once',
  upholds(KEY, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    const message = randomUUID()
    agent.say('bash echo ran >> effects\nsay Done.', message)
    await agent.results(1)

    agent.say('bash echo ran >> effects\nsay Done.', message)
    agent.say('say Next.')
    const results = await agent.results(2)

    expect(results).toMatchObject([{ result: 'Done.' }, { result: 'Next.' }])
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'P9: the agent goes on under a uuid of its own, and the result names the original message',
  upholds(
    dependsOn('Recovery order', 'a result is mapped to its turn by user_message_uuids'),
    async () => {
      const { place, first } = await killedWithAQueue()

      const agent = place.resume()
      agent.say(FIRST, first)
      const [result] = await agent.results(1)

      expect(result?.user_message_uuids).toEqual([first])
      const started = agent
        .messagesOf('command_lifecycle')
        .filter(({ state }) => state === 'started')
      expect(started).toHaveLength(1)
      expect(started[0]?.command_uuid).not.toBe(first)
    },
  ),
)

test(
  'P9: the agent may be done with the message long before it goes on under a uuid of its own',
  upholds(
    dependsOn('Recovery order', 'a turn that is taken up is waited for while the agent comes up'),
    async () => {
      const { place, first } = await killedWithAQueue()

      const server = { type: 'stdio', command: 'sh', args: ['-c', 'sleep 3'] }
      const options = { mcpServers: { server }, mcpServersDelivery: 'initialize' }
      const agent = place.resume(AFTER_A_LOSS, { options })
      agent.say(FIRST, first)
      await agent.results(1)

      const told = agent
        .messagesOf('command_lifecycle')
        .map(
          ({ command_uuid: uuid, state }) =>
            `${uuid === first ? 'the message' : 'its own'} ${state}`,
        )
      expect(told.slice(0, 2)).toEqual(['the message completed', 'its own started'])
    },
  ),
)

test(
  'W: an answer that was complete when the agent was killed gets no result any more',
  upholds(END, async () => {
    const place = await Workplace.open()
    const killed = place.start({ callbacks: { hooks: ['Stop'] }, answer: () => NEVER })
    const message = killed.say('say All of it.')
    await killed.called('hook', 'Stop')
    await place.untilStored('"text":"All of it."')
    expect(killed.messagesOf('result')).toEqual([])
    await killed.kill()
    const stored = new TranscriptOutcomes()
    for (const line of place.transcript()) stored.read(JSON.parse(line))
    expect(stored.of(message)).toMatchObject({ ended: 'end_turn', answer: 'All of it.' })

    const agent = place.resume()
    agent.say('say All of it.', message)
    const next = agent.say('say Next.')
    const [result] = await agent.results(1)

    expect(agent.lifecycle(message)).toEqual(['completed'])
    expect(result).toMatchObject({ result: 'Next.', user_message_uuids: [next] })
    expect(place.model.seen).toHaveLength(2)
  }),
)

test(
  'R: a session that was finished stays idle, whatever it is resumed with',
  upholds(
    dependsOn('Recovery order', 'resuming with a reason is safe after any turn'),
    async () => {
      const place = await Workplace.open()
      const finished = place.start()
      finished.say('say Finished.')
      await finished.results(1)
      await place.untilStored('"text":"Finished."')
      await finished.kill()

      const agent = place.resume()
      const next = agent.say('say Next.')
      const [result] = await agent.results(1)

      expect(result).toMatchObject({ result: 'Next.', user_message_uuids: [next] })
      expect(place.model.seen).toHaveLength(2)
    },
  ),
)

test(
  'O: a turn older than RESUME_INTERRUPTED_TURN_MAX_AGE_MS is not taken up again',
  upholds(
    dependsOn('Recovery order', 'how old a turn may be that is taken up is bounded'),
    async () => {
      const { place } = await killedWithAQueue()

      const env = { CLAUDE_CODE_RESUME_INTERRUPTED_TURN_MAX_AGE_MS: '1' }
      const agent = place.resume({ ...AFTER_A_LOSS, env })
      const next = agent.say('say Next.')
      const [result] = await agent.results(1)

      expect(result).toMatchObject({ result: 'Next.', user_message_uuids: [next] })
      expect(place.model.seen).toHaveLength(2)
    },
  ),
)

test(
  'V: an interrupt in a call ends the turn as aborted, and the queued message still runs',
  upholds(
    dependsOn('States', 'an interrupt is told from a failure by terminal_reason'),
    async () => {
      const place = await Workplace.open()
      const agent = place.start()
      agent.say(FIRST)
      await place.untilFile('effects', 'first\n')
      const second = agent.say(SECOND)
      await agent.untilState(second, 'queued')

      const receipt = await agent.interrupt()
      const results = await agent.results(2)

      expect(receipt).toMatchObject({ still_queued: [second] })
      expect(results).toMatchObject([
        { subtype: 'error_during_execution', terminal_reason: 'aborted_tools' },
        { subtype: 'success', result: 'Second.', user_message_uuids: [second] },
      ])
    },
  ),
)
