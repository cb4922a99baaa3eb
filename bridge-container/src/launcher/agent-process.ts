import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import type { SpawnedProcess } from '@anthropic-ai/claude-agent-sdk'
import type { Pressure } from '../bridge-server/pressure.ts'
import type { LaunchedProcess } from './client.ts'
import type { ProcessExited } from './protocol.ts'

/**
 * A launched process in the form in which the Agent SDK expects one. Its output is not read while
 * the pressure is high: then the process itself stands still at its next write.
 */
export function asSpawnedProcess(launched: LaunchedProcess, pressure: Pressure): SpawnedProcess {
  const events = new EventEmitter()
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  let exited: ProcessExited | undefined
  let killed = false

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
      socket.on('error', () => stdout.end())
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
