import { connect, type Socket } from 'node:net'
import { lineReader } from '../bridge-server/lines.ts'
import type {
  AgentSignal,
  LauncherReply,
  LauncherRequest,
  ProcessExited,
  SpawnRequest,
} from './protocol.ts'
import { MAX_REQUEST_BYTES } from './protocol.ts'

/** The launcher as the bridge sees it. */
export interface Launcher {
  /** Starts a process as the agent user. */
  spawn(request: Omit<SpawnRequest, 'type'>): LaunchedProcess
  /** Kills every process of the agent user, whatever it left behind. */
  sweep(): void
}

export interface LaunchedProcess {
  /** Standard input and output of the process, once it is about to run. */
  readonly stdio: Promise<Socket>
  readonly exited: Promise<ProcessExited>
  signal(signal: AgentSignal): void
}

export interface LauncherClientOptions {
  readonly socketPath: string
  /** The container is asked to stop. */
  readonly onTerminate: () => void
  /** The launcher is gone; nothing can be started or ended any more. */
  readonly onLost: () => void
}

export function connectLauncher(options: LauncherClientOptions): Launcher {
  const exits = new Map<string, (exited: ProcessExited) => void>()
  const control = connect(options.socketPath)
  const say = (request: LauncherRequest) => control.write(`${JSON.stringify(request)}\n`)
  control.on('data', lineReader(MAX_REQUEST_BYTES, { line: hear, overflow: options.onLost }))
  control.on('error', () => {})
  control.on('close', options.onLost)
  say({ type: 'control' })

  function hear(line: string): void {
    const reply = JSON.parse(line) as LauncherReply
    switch (reply.type) {
      case 'exited':
        exits.get(reply.id)?.(reply)
        exits.delete(reply.id)
        return
      case 'terminate':
        options.onTerminate()
        return
      case 'ok':
        return
      default:
        reply satisfies never
    }
  }

  return {
    spawn(request) {
      const exited = new Promise<ProcessExited>((resolve) => exits.set(request.id, resolve))
      const stdio = spawnOn(options.socketPath, { type: 'spawn', ...request })
      const signal = (name: AgentSignal) => say({ type: 'signal', id: request.id, signal: name })
      return { stdio, exited, signal }
    },
    sweep: () => say({ type: 'sweep' }),
  }
}

/** Asks on a connection of its own, which afterwards belongs to the process. */
function spawnOn(socketPath: string, request: SpawnRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true })
    socket.once('error', reject)
    socket.write(`${JSON.stringify(request)}\n`)
    let reply = Buffer.alloc(0)
    const read = (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk])
      const end = reply.indexOf(10)
      if (end === -1) return
      socket.off('data', read)
      socket.off('error', reject)
      socket.pause()
      const early = reply.subarray(end + 1)
      if (early.length > 0) socket.unshift(early)
      resolve(socket)
    }
    socket.on('data', read)
    socket.once('close', () => reject(new Error('the launcher closed the connection')))
  })
}
