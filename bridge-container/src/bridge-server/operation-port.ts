import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

export interface OperationPortOptions {
  readonly port: number
  readonly clock: Clock
  readonly log: Log
  /** The id of the call that a shell belongs to, by what it was told to run. */
  readonly operationOf: (shell: string) => string | undefined
  /** More connections than these are closed at once. */
  readonly maxConnections?: number
  /** How long a shell has to ask. */
  readonly patienceMs?: number
}

const MAX_CONNECTIONS = 16
const PATIENCE_MS = 2_000

/** What a process can be told to run in one argument is 128 KiB. */
const MAX_QUESTION_BYTES = 256 * 1024

const END = 0

/**
 * A port inside the sandbox at which a shell of the agent asks for its operation id: it sends its
 * own text and a zero byte, and gets a line with the id, or an empty one. Anything in the sandbox may ask: the ids
 * are no secret, and whoever asks wrongly or slowly is cut off.
 */
export async function listenForOperations(options: OperationPortOptions): Promise<Server> {
  const server = createServer((shell) => answer(shell, options))
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return server
}

function answer(
  shell: Socket,
  { clock, log, operationOf, patienceMs }: OperationPortOptions,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const patience = clock.after(patienceMs ?? PATIENCE_MS, () => shell.destroy())
  shell.once('close', () => patience.cancel())
  shell.on('error', () => {})
  shell.on('end', () => shell.destroy())
  shell.on('data', (chunk) => {
    const end = chunk.indexOf(END)
    bytes += chunk.length
    if (bytes > MAX_QUESTION_BYTES) {
      log.warn('operation.too_large', { bytes })
      shell.destroy()
      return
    }
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    if (end < 0) return
    shell.removeAllListeners('data').resume()
    shell.end(`${operationOf(Buffer.concat(chunks).toString()) ?? ''}\n`)
  })
}
