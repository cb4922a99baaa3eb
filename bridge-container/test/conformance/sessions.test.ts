import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { textsOf } from './support/recording-model.ts'
import { Workplace } from './support/workplace.ts'

/** A session with one finished turn, whose process has gone. */
async function finished(): Promise<Workplace> {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say('say Finished.')
  await agent.results(1)
  await agent.close()
  return place
}

const branch = (name: string) =>
  `bash echo ${name} >> ${name}; until [ -e go ]; do sleep 0.05; done\nsay From the ${name}.`

test(
  'L: two processes may resume one session, and only the branch of one of them stays',
  upholds(
    dependsOn('Identity and fencing', 'nothing but the epoch keeps two agents apart'),
    async () => {
      const place = await finished()
      const agents = [place.resume({}), place.resume({})]

      agents[0]?.say(branch('left'))
      agents[1]?.say(branch('right'))
      await Promise.all([place.untilFile('left', 'left\n'), place.untilFile('right', 'right\n')])
      writeFileSync(join(place.cwd, 'go'), '')
      for (const agent of agents) {
        await agent.results(1)
        await agent.close()
      }
      const later = place.resume({})
      later.say('say Later.')
      await later.results(1)

      const texts = textsOf(place.model.seen.at(-1)).filter((text) => text.startsWith('From the'))
      expect(texts).toHaveLength(1)
    },
  ),
)

test(
  'L′: a session id that is in use is refused without a resume',
  upholds(
    dependsOn('Identity and fencing', 'who starts a session knows if there is one'),
    async () => {
      const place = await finished()

      const agent = place.start()
      agent.say('say Again.')
      const thrown = await agent.ended()

      expect(thrown).toContain('exited with code 1')
      expect(thrown).toContain('is already in use')
      expect(place.model.seen).toHaveLength(1)
    },
  ),
)

test(
  'J: an unknown session is an error result of its own kind, and then the end',
  upholds(
    dependsOn('Recovery order', 'a transcript that is gone is told from other failures'),
    async () => {
      const place = await Workplace.open()

      const agent = place.resume({})
      agent.say('say Hello.')
      const thrown = await agent.ended()

      expect(agent.messagesOf('result')).toMatchObject([
        {
          subtype: 'error_during_execution',
          errors: [expect.stringContaining('No conversation found')],
        },
      ])
      expect(thrown).toContain('No conversation found')
      expect(place.model.seen).toEqual([])
    },
  ),
)
