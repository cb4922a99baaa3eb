import type { Clock, Timer } from '../../src/clock.ts'

interface Pending {
  at: number
  readonly every: number | undefined
  readonly run: () => void
}

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves on, and lets what was waiting for that happen, in order. */
  advance(milliseconds: number): Promise<void>
}

export function manualClock(): ManualClock {
  let now = 0
  const pending = new Set<Pending>()
  const add = (entry: Pending): Timer => {
    pending.add(entry)
    return { cancel: () => pending.delete(entry) }
  }
  return {
    now: () => now,
    after: (milliseconds, run) => add({ at: now + milliseconds, every: undefined, run }),
    every: (milliseconds, run) => add({ at: now + milliseconds, every: milliseconds, run }),
    async advance(milliseconds) {
      const end = now + milliseconds
      while (true) {
        await settled()
        const [next] = [...pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        now = next.at
        if (next.every === undefined) pending.delete(next)
        else next.at += next.every
        next.run()
      }
      now = end
      await settled()
    },
  }
}

/** Lets everything run that only waits for other promises. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve))
}
