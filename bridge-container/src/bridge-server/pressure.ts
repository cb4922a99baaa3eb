/**
 * Tells the reader of the agent's output whether to go on. Several causes may hold it back at once;
 * it goes on when none does.
 */
export interface Pressure {
  readonly high: boolean
  hold(cause: string): void
  release(cause: string): void
  /** Calls back on each change; there is one listener, the agent's output. */
  onChange(listener: (high: boolean) => void): void
}

export function createPressure(): Pressure {
  const causes = new Set<string>()
  let listener: (high: boolean) => void = () => {}
  const change = (edit: () => void) => {
    const before = causes.size > 0
    edit()
    const after = causes.size > 0
    if (before !== after) listener(after)
  }
  return {
    get high() {
      return causes.size > 0
    },
    hold: (cause) => change(() => causes.add(cause)),
    release: (cause) => change(() => causes.delete(cause)),
    onChange(next) {
      listener = next
    },
  }
}
