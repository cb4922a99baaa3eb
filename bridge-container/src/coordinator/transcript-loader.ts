import type { TranscriptPage } from '../generated/bridge-command.ts'
import type { LoadTranscript } from '../generated/bridge-frame.ts'

/** Takes the entries of one transcript in order. */
export interface TranscriptSink {
  entries(entries: readonly unknown[]): Promise<void>
  /** What came so far is void: it will come again from the beginning. */
  restart(): Promise<void>
}

export interface LoadedTranscript {
  readonly found: boolean
  readonly subpaths: readonly string[]
}

/** Asks the worker for stored transcripts; an answer that a reconnection cuts is asked for again. */
export interface TranscriptLoader {
  load(subpath: string | undefined, sink: TranscriptSink): Promise<LoadedTranscript>
  page(page: TranscriptPage): void
  attached(): void
}

interface Request {
  id: string
  readonly subpath: string | undefined
  readonly sink: TranscriptSink
  readonly settle: (loaded: Promise<LoadedTranscript>) => void
  /** Pages are handed on one after the other. */
  progress: Promise<void>
}

export interface TranscriptLoaderOptions {
  readonly newId: () => string
  readonly ask: (frame: LoadTranscript) => void
}

export function createTranscriptLoader({ newId, ask }: TranscriptLoaderOptions): TranscriptLoader {
  let request: Request | undefined

  const send = ({ id, subpath }: Request) =>
    ask({ type: 'load_transcript', request_id: id, ...(subpath === undefined ? {} : { subpath }) })

  const follow = (current: Request, step: () => Promise<void>) => {
    current.progress = current.progress.then(step)
    current.progress.catch((error: unknown) => {
      if (request === current) request = undefined
      current.settle(Promise.reject(error))
    })
  }

  return {
    load(subpath, sink) {
      return new Promise((resolve) => {
        request = { id: newId(), subpath, sink, settle: resolve, progress: Promise.resolve() }
        send(request)
      })
    },
    page(page) {
      const current = request
      if (current === undefined || page.request_id !== current.id) return
      follow(current, () => current.sink.entries(page.entries))
      if (!page.last) return
      request = undefined
      follow(current, async () => {
        current.settle(Promise.resolve({ found: page.found, subpaths: page.subpaths }))
      })
    },
    attached() {
      const current = request
      if (current === undefined) return
      current.id = newId()
      follow(current, () => current.sink.restart())
      send(current)
    },
  }
}
