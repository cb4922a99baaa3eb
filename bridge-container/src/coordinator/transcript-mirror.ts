import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk'
import type { DurableFrame } from '../bridge-server/frame-log.ts'
import { type Clock, sleep } from '../clock.ts'

export interface TranscriptMirrorOptions {
  readonly clock: Clock
  readonly send: (frame: DurableFrame) => number
  readonly whenAcknowledged: (frame: number) => Promise<void>
}

/**
 * How long the Agent SDK waits for an acknowledgement. While it waits it gathers the next entries
 * into one part, and it holds back a turn's result; but it gives up after a minute and would drop
 * what it holds, so it never waits that long. The entries are safe in the frame log anyway.
 */
const MAX_WAIT_MS = 1_000

/** Larger batches are cut, so that one line of the door stays of a size that is easy to handle. */
const MAX_PART_BYTES = 4 * 1024 * 1024

/** The Agent SDK's session store: what it appends leaves as transcript parts, in its order. */
export function createTranscriptMirror(options: TranscriptMirrorOptions): SessionStore {
  return {
    async append(key: SessionKey, entries: SessionStoreEntry[]) {
      let last = 0
      for (const part of cut(entries)) {
        last = options.send({
          type: 'transcript_part',
          ...(key.subpath === undefined ? {} : { subpath: key.subpath }),
          entries: part,
        })
      }
      await Promise.race([options.whenAcknowledged(last), sleep(options.clock, MAX_WAIT_MS)])
    },
    // The bridge has put the transcript into the agent's own folder before the agent starts: what
    // the SDK would lay out here itself would belong to the wrong user.
    load: async () => null,
  }
}

function cut(entries: readonly SessionStoreEntry[]): SessionStoreEntry[][] {
  const parts: SessionStoreEntry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const size = JSON.stringify(entry).length
    if (bytes + size > MAX_PART_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(entry)
    bytes += size
  }
  return parts
}
