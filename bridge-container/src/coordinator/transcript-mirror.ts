import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk'
import type { DurableFrame } from '../bridge-server/frame-log.ts'

/** Larger batches are cut, so that one line of the door stays of a size that is easy to handle. */
const MAX_PART_BYTES = 4 * 1024 * 1024

/**
 * The Agent SDK's session store: what it appends leaves as transcript parts, in its order. The SDK
 * holds back a turn's result until its entries are appended, so they are on their way before it. It
 * need not wait for object storage: until a part is there, the frame log keeps it.
 */
export function createTranscriptMirror(send: (frame: DurableFrame) => number): SessionStore {
  return {
    append: async (key: SessionKey, entries: SessionStoreEntry[]) => {
      for (const part of cut(entries)) {
        send({
          type: 'transcript_part',
          ...(key.subpath === undefined ? {} : { subpath: key.subpath }),
          entries: part,
        })
      }
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
