const NEWLINE = 10

export interface LineHandlers {
  line(text: string): void
  /** A line grew beyond the limit; nothing more is delivered. */
  overflow(): void
}

/** Cuts a byte stream into lines; the returned function takes the chunks as they come. */
export function lineReader(maxBytes: number, handlers: LineHandlers): (chunk: Buffer) => void {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let overflowed = false

  const take = (last: Buffer): string => {
    const text =
      pending.length === 0 ? last.toString() : Buffer.concat([...pending, last]).toString()
    pending = []
    pendingBytes = 0
    return text
  }

  return (chunk) => {
    let rest = chunk
    while (!overflowed) {
      const end = rest.indexOf(NEWLINE)
      if (pendingBytes + (end === -1 ? rest.length : end) > maxBytes) {
        overflowed = true
        pending = []
        handlers.overflow()
        return
      }
      if (end === -1) {
        pending.push(rest)
        pendingBytes += rest.length
        return
      }
      const text = take(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
      if (text.trim() !== '') handlers.line(text)
    }
  }
}
