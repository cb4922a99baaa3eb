import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { HANGS } from './support/phrases.ts'
import { blocksOf, toolCalls } from './support/recording-model.ts'
import { AFTER_A_LOSS, Workplace } from './support/workplace.ts'

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

const SUBAGENT = `task Look around:
  bash echo ran >> effects; ${HANGS}
  say Looked.
say Went on.`

test(
  'Y: a background subagent that was killed is reported as stopped, to the host and to the model',
  upholds(LOST, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(`background ${SUBAGENT}`)
    await place.untilFile('effects', 'ran\n')
    await agent.results(1)
    await agent.kill()
    expect(agent.messagesOf('system', 'task_started')).toMatchObject([
      { task_type: 'local_agent', is_backgrounded: true, description: 'Look around' },
    ])

    const next = place.resume()
    next.say('say Next.')
    await next.results(2)

    expect(next.messagesOf('system', 'task_notification')).toMatchObject([{ status: 'stopped' }])
    const [notice] = blocksOf(place.model.seen.at(-1)?.at(-1)).map(({ text }) => text)
    expect(notice).toContain("didn't finish before the previous session ended")
  }),
)

test(
  'A9: the call of a subagent that was waited for is dropped, and only the prompt of the resume can name it',
  upholds(LOST, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(SUBAGENT)
    await place.untilFile('effects', 'ran\n')
    await agent.until('the subagent at work', () => agent.messagesOf('system', 'task_progress')[0])
    await agent.kill()
    expect(agent.messagesOf('system', 'task_started')).toMatchObject([
      { task_type: 'local_agent', is_backgrounded: false, description: 'Look around' },
    ])
    const before = place.model.seen.length

    const next = place.resume({
      ...AFTER_A_LOSS,
      env: { CLAUDE_CODE_RESUME_PROMPT: 'Mind the lost one.' },
    })
    await next.until('a request', () => place.model.seen[before])

    expect(next.messagesOf('system', 'task_notification')).toEqual([])
    expect(toolCalls(place.model.seen[before])).toEqual([])
    expect(JSON.stringify(place.model.seen[before])).toContain('Mind the lost one.')
  }),
)
