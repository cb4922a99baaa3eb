import { ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

/** Where a text is in the spool. */
export interface Place {
  readonly at: number
  readonly bytes: number
}

/**
 * A file for what does not fit in memory: written at its end, read anywhere, emptied as a whole. It
 * is of use to this process only, and begins empty.
 */
export class Spool {
  readonly #path: string
  #file: number | undefined
  #size = 0

  /** The file is made when it is needed: for most sandboxes it never is. */
  constructor(path: string) {
    this.#path = path
  }

  get size(): number {
    return this.#size
  }

  /** Gives undefined when the disk does not take it. */
  write(text: string): Place | undefined {
    const content = Buffer.from(text)
    const place = { at: this.#size, bytes: content.length }
    try {
      const file = this.#open()
      for (let done = 0; done < content.length; ) {
        done += writeSync(file, content, done, content.length - done, place.at + done)
      }
    } catch {
      // What was written of it is written over by the next.
      return undefined
    }
    this.#size += content.length
    return place
  }

  read(place: Place): string {
    const content = Buffer.allocUnsafe(place.bytes)
    const file = this.#open()
    for (let done = 0; done < place.bytes; ) {
      const read = readSync(file, content, done, place.bytes - done, place.at + done)
      if (read === 0) throw new Error(`the spool ends before ${place.at + place.bytes}`)
      done += read
    }
    return content.toString()
  }

  clear(): void {
    if (this.#size === 0) return
    ftruncateSync(this.#open(), 0)
    this.#size = 0
  }

  #open(): number {
    this.#file ??= openSync(this.#path, 'w+', 0o600)
    return this.#file
  }
}
