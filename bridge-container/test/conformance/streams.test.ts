import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { CONTINUE } from './support/phrases.ts'
import { blocksOf, textsOf, toolCalls, toolResults } from './support/recording-model.ts'
import { Workplace } from './support/workplace.ts'

const PARTIAL = dependsOn('Event log', 'text that was cut is void and comes again in a new message')

/** Killed in an answer that went silent after so many events of its stream; the next one does not. */
async function killedInAnAnswer(events: number): Promise<{
  place: Workplace
  script: string
  cut: string
}> {
  const place = await Workplace.open()
  const agent = place.start({ options: { includePartialMessages: true } })
  const script = `stall after ${events} events\nlong 60 tokens`
  agent.say(script)
  await agent.until('an event of the stream', () => agent.messagesOf('stream_event')[events - 1])
  await place.untilStored('"type":"user"')
  const [start] = agent.messagesOf('stream_event')
  await agent.kill()
  return { place, script, cut: messageId(start?.event) }
}

function messageId(event: unknown): string {
  return (event as { message?: { id: string } } | undefined)?.message?.id ?? ''
}

test.for([
  ['B', 'in the middle of a text', 4],
  ['C', 'before the first token', 1],
] as const)(
  '%s: an answer that was cut %s is asked for again, under a new id',
  upholds(PARTIAL, async ([, , events]) => {
    const { place, script, cut } = await killedInAnAnswer(events)
    expect(place.transcript().join('\n')).not.toContain(cut)

    const agent = place.resume()
    const [result] = await agent.results(1)

    expect(result).toMatchObject({ subtype: 'success' })
    expect(place.model.seen).toHaveLength(2)
    const assistants = (place.model.seen[1] ?? []).filter(({ role }) => role === 'assistant')
    expect(assistants.flatMap((message) => blocksOf(message))).toEqual([])
    expect(textsOf(place.model.seen[1])).toEqual([script, CONTINUE])
    const [answer] = agent.messagesOf('assistant')
    expect(answer?.message).not.toMatchObject({ id: cut })
  }),
)

const EAGER = dependsOn(
  'Tool journal',
  'a call begins before its message ends, so only a hook sees it',
)
const ONE_CALL = 'bash echo ran >> effects; echo done\nsay Went on.'

test(
  'S: a call runs before its message ends; when the stream then breaks off, it is not run again',
  upholds(EAGER, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(`stall after 4 events\n${ONE_CALL}`)
    await place.untilFile('effects', 'ran\n')
    place.model.breakOff()
    const [result] = await agent.results(1)

    expect(place.read('effects')).toBe('ran\n')
    expect(place.model.seen).toHaveLength(2)
    expect([...toolResults(place.model.seen[1]).values()]).toMatchObject([{ content: 'done' }])
    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
  }),
)

test(
  'S: a stream that breaks off before the call is whole is asked for again, and the call runs once',
  upholds(EAGER, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(`cut after 3 events\n${ONE_CALL}`)
    const [result] = await agent.results(1)

    expect(agent.messagesOf('system', 'api_retry')).toHaveLength(1)
    expect(place.read('effects')).toBe('ran\n')
    expect(place.model.seen).toHaveLength(3)
    expect(toolCalls(place.model.seen[1])).toEqual([])
    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
  }),
)

const PATIENT = dependsOn(
  'Image defaults',
  'a gateway that is away for minutes does not end a turn: the agent asks again for hours',
)

test(
  'streams: a model that fails is asked again hundreds of times',
  upholds(PATIENT, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say('error 500 always\nsay Never.')
    const retry = await agent.until(
      'a second attempt',
      () => agent.messagesOf('system', 'api_retry')[1],
    )

    expect(retry?.max_retries).toBeGreaterThanOrEqual(300)
  }),
)
