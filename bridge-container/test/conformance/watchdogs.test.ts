import { expect, test } from 'vitest'
import { dependsOn, upholds } from './support/contracts.ts'
import { HANGS } from './support/phrases.ts'
import { Workplace } from './support/workplace.ts'

const REST = dependsOn('Watchdogs', 'after its result an agent says that it is done with a message')
const TAKEN = dependsOn('Watchdogs', 'an agent says at once that it has a message')
const TAKEN_UP = dependsOn(
  'Watchdogs',
  'an agent that works on a turn of its own says so, and need not say that it has the message',
)
const BACKGROUND = dependsOn('Watchdogs', 'background_tasks_changed has all that runs')

const QUIET = ['queued', 'started']

test.for([
  ['an answer', 'say Fine.', {}],
  ['an error of the provider', 'error 400 always\nsay never', {}],
  ['too many turns', 'bash true\nbash true\nbash true\nsay never', { maxTurns: 1 }],
  ['a refusal', 'refuse no', {}],
] as const)(
  'A13: %s is followed by the end of the message',
  upholds(REST, async ([, script, options]) => {
    const place = await Workplace.open()
    const agent = place.start({ options })
    const message = agent.say(script)
    await agent.results(1)
    await agent.until('the end of the message', () =>
      agent.lifecycle(message).some((state) => !QUIET.includes(String(state))) ? true : undefined,
    )

    expect(agent.lifecycle(message).slice(0, 2)).toEqual(QUIET)
  }),
)

test(
  'A13: an interrupt is followed by the end of the message',
  upholds(REST, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    const message = agent.say(`bash echo began >> effects; ${HANGS}\nsay never`)
    await place.untilFile('effects', 'began\n')
    await agent.interrupt()
    await agent.results(1)
    await agent.until('the end of the message', () =>
      agent.lifecycle(message).some((state) => !QUIET.includes(String(state))) ? true : undefined,
    )
  }),
)

test(
  'A13: a message is taken while the agent works on another one',
  upholds(TAKEN, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say(`bash echo began >> effects; ${HANGS}\nsay First.`)
    await place.untilFile('effects', 'began\n')
    const second = agent.say('say Second.')
    await agent.untilState(second, 'queued')

    expect(agent.messagesOf('result')).toEqual([])
  }),
)

test(
  'A13: of a message that was cut before its answer, the agent that takes it up speaks at the end',
  upholds(TAKEN_UP, async () => {
    const place = await Workplace.open()
    const killed = place.start()
    const script = 'wait 3 s\nsay Went on.'
    const message = killed.say(script)
    await place.untilStored('"type":"user"')
    await killed.kill()

    const agent = place.resume()
    agent.say(script, message)
    await agent.results(1)
    await agent.untilState(message, 'completed')

    const told = agent.messages.map(({ type, command_uuid: uuid, state }) => {
      if (type !== 'command_lifecycle') return type
      return `${uuid === message ? 'the message' : 'its own'} ${state}`
    })
    expect(told.filter((what) => what === 'result' || what.includes(' '))).toEqual([
      'its own started',
      'result',
      'its own completed',
      'the message completed',
    ])
  }),
)

test(
  'G4: a command in the background is among the tasks from its start to its end',
  upholds(BACKGROUND, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say('background bash until test -e over; do sleep 0.1; done\nsay Started.')
    await agent.results(1)
    const told = () => agent.messagesOf('system', 'background_tasks_changed')
    expect(told().at(-1)).toMatchObject({
      tasks: [
        { task_id: expect.any(String), task_type: 'local_bash', description: expect.any(String) },
      ],
    })

    agent.say('bash touch over\nsay Ended.')
    await agent.until('the end of the task', () =>
      (told().at(-1)?.tasks as unknown[] | undefined)?.length === 0 ? true : undefined,
    )
  }),
)

test(
  'A13: a command of the agent itself is followed by the end of its message',
  upholds(REST, async () => {
    const place = await Workplace.open()
    const agent = place.start()
    agent.say('say Fine.')
    await agent.results(1)
    const message = agent.say('/compact')
    await agent.results(2)
    await agent.until('the end of the message', () =>
      agent.lifecycle(message).some((state) => !QUIET.includes(String(state))) ? true : undefined,
    )
  }),
)
