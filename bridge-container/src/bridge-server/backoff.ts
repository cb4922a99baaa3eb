const FIRST_MS = 25
const CAP_MS = 1_000

/** Waiting times between attempts to reach the worker: they double up to a second, for ever. */
export interface Backoff {
  next(): number
  reset(): void
}

export function createBackoff(firstMs = FIRST_MS, capMs = CAP_MS): Backoff {
  let delay = firstMs
  return {
    next() {
      const current = delay
      delay = Math.min(delay * 2, capMs)
      return current
    },
    reset() {
      delay = firstMs
    },
  }
}
