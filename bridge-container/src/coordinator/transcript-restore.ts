import { isObject } from '../bridge-server/shape.ts'
import type { AgentFile, AgentFiles } from './agent-files.ts'
import type { CutCalls } from './cut-calls.ts'
import { TRANSCRIPT_FOLDER } from './layout.ts'
import type { TranscriptLoader, TranscriptSink } from './transcript-loader.ts'
import type { TranscriptOutcomes } from './transcript-outcomes.ts'

export interface RestoreOptions {
  readonly sessionId: string
  readonly loader: TranscriptLoader
  readonly files: AgentFiles
  readonly outcomes: TranscriptOutcomes
  readonly cut: CutCalls
  /** The time, as entries of a transcript have it. */
  readonly timestamp: () => string
}

/**
 * What there was to restore: nothing was ever stored; the agent was lost before it noted the first
 * message, and only its queue is there; or a conversation.
 */
export type Restored = 'missing' | 'unspoken' | 'conversation'

/**
 * Lays the stored transcripts out where the agent looks for its own, replacing whatever is there.
 * One without a message is left out: the Agent SDK would not find a conversation in it.
 */
export async function restoreTranscript(options: RestoreOptions): Promise<Restored> {
  const { cut, files, loader, outcomes, sessionId, timestamp } = options
  let isSpoken = false
  const main = await restoreOne({
    path: `${TRANSCRIPT_FOLDER}/${sessionId}.jsonl`,
    subpath: undefined,
    loader,
    files,
    onRestart: () => {
      isSpoken = false
      outcomes.clear()
      cut.clear()
    },
    keep: (entry) => {
      isSpoken ||= isMessage(entry)
      outcomes.read(entry)
      cut.read(entry)
      return true
    },
    atEnd: () => cut.finish(timestamp()),
    isWanted: () => isSpoken,
  })
  if (!main.found) return 'missing'
  if (!isSpoken) return 'unspoken'
  for (const subpath of main.subpaths.filter(isSafe)) {
    await restoreSubagent(options, subpath)
  }
  return 'conversation'
}

function isMessage(entry: unknown): boolean {
  return isObject(entry) && (entry.type === 'user' || entry.type === 'assistant')
}

/** A subagent's transcript keeps what is known about the subagent apart, in a file of its own. */
async function restoreSubagent({ files, loader, sessionId }: RestoreOptions, subpath: string) {
  const path = `${TRANSCRIPT_FOLDER}/${sessionId}/${subpath}`
  let metadata: Record<string, unknown> | undefined
  await restoreOne({
    path: `${path}.jsonl`,
    subpath,
    loader,
    files,
    onRestart: () => {},
    keep: (entry) => {
      if (!isObject(entry) || entry.type !== 'agent_metadata') return true
      const { type: _, ...rest } = entry
      metadata = rest
      return false
    },
  })
  if (metadata === undefined) return
  const file = files.create(`${path}.meta.json`)
  await file.write(JSON.stringify(metadata))
  await file.finish()
}

interface RestoreOne {
  readonly path: string
  readonly subpath: string | undefined
  readonly loader: TranscriptLoader
  readonly files: AgentFiles
  readonly onRestart: () => void
  /** Whether the entry belongs into the file. */
  readonly keep: (entry: unknown) => boolean
  /** What belongs behind the last entry. */
  readonly atEnd?: () => readonly unknown[]
  /** Whether the file stays, when all is read. */
  readonly isWanted?: () => boolean
}

async function restoreOne(one: RestoreOne) {
  const { atEnd, files, isWanted, keep, loader, onRestart, path, subpath } = one
  let file: AgentFile | undefined
  const write = async (entries: readonly unknown[]) => {
    if (entries.length === 0) return
    file ??= files.create(path)
    await file.write(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  }
  const sink: TranscriptSink = {
    async entries(entries) {
      await write(entries.filter(keep))
    },
    async restart() {
      await file?.abandon()
      file = undefined
      onRestart()
    },
  }
  const loaded = await loader.load(subpath, sink)
  await write(atEnd?.() ?? [])
  await (isWanted?.() === false ? file?.abandon() : file?.finish())
  return loaded
}

function isSafe(subpath: string): boolean {
  return (
    subpath !== '' &&
    !subpath.startsWith('/') &&
    !subpath.split(/[\\/]/).some((part) => part === '..')
  )
}
