import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { HANGS } from './support/phrases.ts'
import { blocksOf } from './support/recording-model.ts'
import { Workplace } from './support/workplace.ts'

const LOST = dependsOn('Event log', 'lost background work is reported')

test(
  'Y: a background command that was killed is reported as stopped, to the host and to the model',
  upholds(LOST, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(`background bash echo ran >> effects; ${HANGS}\nsay Started.`)
    await place.untilFile('effects', 'ran\n')
    await agent.results(1)
    await agent.kill()

    const next = place.resume()
    next.say('say Next.')
    const results = await next.results(2)

    expect(next.messagesOf('system', 'task_notification')).toMatchObject([{ status: 'stopped' }])
    expect(place.read('effects')).toBe('ran\n')
    // Told together with the next message; a result of its own, without a request, goes before.
    expect(place.model.seen).toHaveLength(3)
    const [notice] = blocksOf(place.model.seen[2]?.at(-1)).map(({ text }) => text)
    expect(notice).toContain('SYSTEM NOTIFICATION')
    expect(notice).toContain("didn't finish before the previous session ended")
    expect(results).toMatchObject([
      { origin: { kind: 'task-notification' }, result: '', num_turns: 0 },
      { result: 'Next.' },
    ])
  }),
)
