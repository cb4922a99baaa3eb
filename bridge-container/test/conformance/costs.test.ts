import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { CALL } from './support/killed-in-a-call.ts'
import { HANGS } from './support/phrases.ts'
import { Workplace } from './support/workplace.ts'

const METER = dependsOn('Metering', "the SDK's totals are no meter: they may begin anew")
const COSTLY = 'long 5000 tokens'

/** What the next turn, a cheap one, calls the total. */
async function totalOfNext(place: Workplace): Promise<number> {
  const agent = place.resume({})
  agent.say('say Cheap.')
  const results = await agent.results(1)
  return Number(results[0]?.total_cost_usd)
}

/** What a costly turn calls the total, and what the next one does, after an end of the first agent. */
async function totals(end: 'close' | 'kill'): Promise<{ before: number; after: number }> {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(COSTLY)
  const [result] = await agent.results(1)
  await agent[end]()
  return { before: Number(result?.total_cost_usd), after: await totalOfNext(place) }
}

test(
  'I/Y: the total of the costs goes on after an end in order',
  upholds(METER, async () => {
    const { before, after } = await totals('close')

    expect(after).toBeGreaterThan(before)
  }),
)

test(
  'I/Y: the total of the costs begins anew after a kill',
  upholds(METER, async () => {
    const { before, after } = await totals('kill')

    expect(after).toBeLessThan(before / 2)
  }),
)

async function totalAfterACut(end: (place: Workplace) => Promise<void>): Promise<number> {
  const place = await Workplace.open()
  await end(place)
  return totalOfNext(place)
}

const CUT = `${COSTLY}\nbash echo ran >> effects; ${HANGS}\nsay Went on.`

test(
  'D: at SIGTERM in a call the costs of the turn are kept, unlike at a kill',
  upholds(METER, async () => {
    const kept = await totalAfterACut(async (place) => {
      const agent = place.start()
      agent.say(CUT)
      await place.untilFile('effects', 'ran\n')
      agent.signalAgent('SIGTERM')
      await agent.ended()
    })
    const lost = await totalAfterACut(async (place) => {
      const agent = place.start()
      agent.say(CUT)
      await place.untilFile('effects', 'ran\n')
      await place.untilStored(CALL)
      await agent.kill()
    })

    expect(kept).toBeGreaterThan(lost * 2)
  }),
)
