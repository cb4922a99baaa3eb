/** Time as the bridge sees it, so that tests can hold it in their hand. Units: milliseconds. */
export interface Clock {
  /** Monotonic; only differences mean something. */
  now(): number
  after(milliseconds: number, run: () => void): Timer
  every(milliseconds: number, run: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const handle = setTimeout(run, milliseconds)
    return { cancel: () => clearTimeout(handle) }
  },
  every(milliseconds, run) {
    const handle = setInterval(run, milliseconds)
    return { cancel: () => clearInterval(handle) }
  },
}

/** Resolves after a time, for callers that wait in line. */
export function sleep(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve)
  })
}
