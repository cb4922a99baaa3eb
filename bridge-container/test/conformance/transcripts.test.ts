import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Call } from './agent/wire.ts'
import { NEVER } from './support/agent.ts'
import { dependsOn, upholds } from './support/contracts.ts'
import { CALL, killedInACall, SCRIPT } from './support/killed-in-a-call.ts'
import { CONTINUE, OUTCOME_UNKNOWN } from './support/phrases.ts'
import { textsOf, toolCalls } from './support/recording-model.ts'
import { AFTER_A_LOSS, type Start, Workplace } from './support/workplace.ts'

const STORED = dependsOn('Recovery order', 'the mirrored transcript is all that a new sandbox has')

/** A session store in the test's memory: it outlives the agent, as object storage does. */
class Store {
  readonly entries: unknown[] = []

  start(flush: 'eager' | 'batched'): Start {
    return {
      options: { sessionStoreFlush: flush },
      callbacks: { sessionStore: true },
      answer: (call) => this.#answer(call),
    }
  }

  #answer({ method, name, input }: Call): unknown {
    if (method === 'load') return name === '' ? this.entries : null
    this.entries.push(...(input.entries as unknown[]))
    return undefined
  }

  text(): string {
    return JSON.stringify(this.entries)
  }
}

test(
  'H: a batched session store has nothing of a turn that is killed',
  upholds(STORED, async () => {
    const place = await Workplace.open()
    const store = new Store()
    const agent = place.start(store.start('batched'))
    agent.say(SCRIPT)
    await place.untilFile('effects', 'ran\n')
    await place.untilStored(CALL)
    await agent.kill()

    expect(store.entries).toEqual([])
  }),
)

test(
  'H: an eager session store has all up to the call, and the session goes on from it alone',
  upholds(STORED, async () => {
    const place = await Workplace.open()
    const store = new Store()
    const agent = place.start(store.start('eager'))
    agent.say(SCRIPT)
    await place.untilFile('effects', 'ran\n')
    await agent.until(
      'the call in the store',
      () => store.text().includes('"tool_use"') || undefined,
    )
    await agent.kill()

    const next = place.resume(AFTER_A_LOSS, { ...store.start('eager'), config: 'another-disk' })
    const [result] = await next.results(1)

    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(textsOf(place.model.seen[1])).toContain(SCRIPT)
    expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
    expect(place.read('effects')).toBe('ran\n')
  }),
)

test(
  'H: while the hook of a call waits, the call reaches an eager store',
  upholds(
    dependsOn('Tool journal', 'a hook can wait until the transcript knows of its call'),
    async () => {
      const place = await Workplace.open()
      const store = new Store()
      const { options, callbacks, answer } = store.start('eager')
      const agent = place.start({
        ...(options === undefined ? {} : { options }),
        callbacks: { ...callbacks, hooks: ['PreToolUse'] },
        answer: (call) => (call.method === 'hook' ? NEVER : answer?.(call)),
      })
      agent.say(SCRIPT)
      await agent.called('hook', 'PreToolUse')

      await agent.until(
        'the call in the store',
        () => store.text().includes('"tool_use"') || undefined,
      )
      expect(place.read('effects')).toBe('')
    },
  ),
)

test(
  'A: a call that began before its line was on disk is lost, and the model makes it again',
  upholds(
    dependsOn('Tool journal', 'a call that the transcript lost is told to the model'),
    async () => {
      const place = await killedInACall()
      // The disk of an agent that was killed some 100 ms earlier; the moment itself cannot be met.
      place.forget(CALL)

      place.resume()
      await place.untilFile('effects', 'ran\nran\n')

      expect(toolCalls(place.model.seen[1])).toEqual([])
      expect(textsOf(place.model.seen[1])).toEqual([SCRIPT, CONTINUE])
    },
  ),
)

test(
  'A: a transcript in which only the queue is noted is no conversation to go on with',
  upholds(STORED, async () => {
    const place = await killedInACall()
    place.forget('"type":"user"')
    expect(place.transcript().join('\n')).toContain('queue-operation')

    const agent = place.resume()
    const [result] = await agent.results(1)

    expect(result).toMatchObject({
      is_error: true,
      errors: [expect.stringContaining('No conversation found')],
    })
  }),
)

test(
  'K: a torn last line of a transcript is passed over',
  upholds(STORED, async () => {
    const place = await killedInACall()
    appendFileSync(place.transcriptPath() ?? '', '{"type":"user","message":{"role":"us')

    const [result] = await place.resume().results(1)

    expect(result).toMatchObject({ subtype: 'success', result: 'Went on.' })
    expect(textsOf(place.model.seen[1])).toContainEqual(OUTCOME_UNKNOWN)
  }),
)
