import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import type { SpawnedProcess } from '@anthropic-ai/claude-agent-sdk'
import type { Pressure } from '../bridge-server/pressure.ts'
import type { Clock } from '../clock.ts'
import type { LaunchedProcess } from './client.ts'
import type { ProcessExited } from './protocol.ts'

const OUTPUT_GRACE_MS = 1_000

/**
 * A launched process in the form in which the Agent SDK expects one. Its output is not read while
 * the pressure is high: then the process itself stands still at its next write.
 */
export function asSpawnedProcess(
  launched: LaunchedProcess,
  pressure: Pressure,
  clock: Clock,
): SpawnedProcess {
  const events = new EventEmitter()
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  let exited: ProcessExited | undefined
  let killed = false

  /** What the process left behind may hold its output open; nothing more of interest comes then. */
  const cutLater = (socket: Socket) => {
    clock.after(OUTPUT_GRACE_MS, () => {
      if (pressure.high) cutLater(socket)
      else socket.destroy()
    })
  }

  launched.stdio.then(
    (socket) => {
      stdin.pipe(socket)
      const flow = () => {
        if (pressure.high) socket.pause()
        else if (!stdout.writableNeedDrain) socket.resume()
      }
      socket.on('data', (chunk: Buffer) => {
        if (!stdout.write(chunk)) socket.pause()
      })
      stdout.on('drain', flow)
      pressure.onChange(flow)
      socket.on('end', () => stdout.end())
      socket.on('error', () => {})
      socket.on('close', () => stdout.end())
      void launched.exited.then(() => cutLater(socket))
      flow()
    },
    (error: unknown) => events.emit('error', error),
  )
  void launched.exited.then((exit) => {
    exited = exit
    events.emit('exit', exit.code, exit.signal)
  })

  return {
    stdin,
    stdout,
    get killed() {
      return killed
    },
    get exitCode() {
      return exited?.code ?? null
    },
    get signalCode() {
      return exited?.signal ?? null
    },
    kill(signal) {
      killed = true
      launched.signal(signal === 'SIGKILL' || signal === 'SIGINT' ? signal : 'SIGTERM')
      return true
    },
    on: (event: string, listener: (...args: never[]) => void) => {
      events.on(event, listener as (...args: unknown[]) => void)
    },
    once: (event: string, listener: (...args: never[]) => void) => {
      events.once(event, listener as (...args: unknown[]) => void)
    },
    off: (event: string, listener: (...args: never[]) => void) => {
      events.off(event, listener as (...args: unknown[]) => void)
    },
  }
}
