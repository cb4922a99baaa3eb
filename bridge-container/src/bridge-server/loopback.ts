import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { Log } from '../log.ts'
import { createBackoff } from './backoff.ts'

export interface LoopbackOptions {
  readonly name: 'model' | 'egress'
  readonly port: number
  readonly socketPath: string
  readonly clock: Clock
  readonly log: Log
  /** How many connections may wait for the door at once. */
  readonly maxHeld?: number
  /** How long one may wait. */
  readonly maxHoldMs?: number
}

const MAX_HELD = 64
const MAX_HOLD_MS = 60_000
const RETRY_CAP_MS = 500

/**
 * A port inside the sandbox behind which a socket of the door stands. It never refuses: while the
 * door is away a connection waits, and what cannot wait is reset, which the Agent SDK retries.
 */
export async function listenOnLoopback(options: LoopbackOptions): Promise<Server> {
  const { clock, log, name, port, socketPath } = options
  const maxHeld = options.maxHeld ?? MAX_HELD
  const maxHoldMs = options.maxHoldMs ?? MAX_HOLD_MS
  let held = 0

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (inside) => {
    inside.on('error', () => {})
    if (held >= maxHeld) {
      log.warn('loopback.full', { name, held })
      inside.resetAndDestroy()
      return
    }
    held += 1
    const deadline = clock.now() + maxHoldMs
    const backoff = createBackoff(undefined, RETRY_CAP_MS)
    let retry: Timer | undefined
    inside.once('close', () => {
      retry?.cancel()
      release()
    })
    const release = once(() => {
      held -= 1
    })

    const attempt = () => {
      const outside = connect({ path: socketPath, allowHalfOpen: true })
      const failed = () => {
        if (inside.destroyed) return
        const delay = backoff.next()
        if (clock.now() + delay > deadline) {
          log.warn('loopback.gave_up', { name })
          inside.resetAndDestroy()
          return
        }
        retry = clock.after(delay, attempt)
      }
      outside.once('error', failed)
      outside.once('connect', () => {
        outside.off('error', failed)
        release()
        join(inside, outside)
      })
    }
    attempt()
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

/** Pipes raw bytes both ways; an end passes as an end, anything worse as a reset. */
function join(inside: Socket, outside: Socket): void {
  if (inside.destroyed) {
    outside.destroy()
    return
  }
  outside.on('error', () => inside.resetAndDestroy())
  inside.on('error', () => outside.destroy())
  outside.on('close', (failed) => {
    if (failed) inside.resetAndDestroy()
  })
  inside.on('close', () => outside.destroy())
  inside.pipe(outside)
  outside.pipe(inside)
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    run()
  }
}
