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
 * Lays the stored transcripts out where the agent looks for its own, replacing whatever is there.
 * Returns false when nothing was ever stored.
 */
export async function restoreTranscript(options: RestoreOptions): Promise<boolean> {
  const { cut, files, loader, outcomes, sessionId, timestamp } = options
  const main = await restoreOne({
    path: `${TRANSCRIPT_FOLDER}/${sessionId}.jsonl`,
    subpath: undefined,
    loader,
    files,
    onRestart: () => {
      outcomes.clear()
      cut.clear()
    },
    keep: (entry) => {
      outcomes.read(entry)
      cut.read(entry)
      return true
    },
    atEnd: () => cut.finish(timestamp()),
  })
  if (!main.found) return false
  for (const subpath of main.subpaths.filter(isSafe)) {
    await restoreSubagent(options, subpath)
  }
  return true
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
}

async function restoreOne(one: RestoreOne) {
  const { atEnd, files, keep, loader, onRestart, path, subpath } = one
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
  await file?.finish()
  return loaded
}

function isSafe(subpath: string): boolean {
  return (
    subpath !== '' &&
    !subpath.startsWith('/') &&
    !subpath.split(/[\\/]/).some((part) => part === '..')
  )
}
