/** Keeps the last bytes of a stream. */
export interface Tail {
  push(chunk: Buffer): void
  text(): string
}

export function createTail(maxBytes: number): Tail {
  let kept = Buffer.alloc(0)
  return {
    push(chunk) {
      const all = Buffer.concat([kept, chunk])
      kept = all.subarray(Math.max(0, all.length - maxBytes))
    },
    text: () => kept.toString(),
  }
}
