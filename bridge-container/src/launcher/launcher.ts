import { spawn } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { constants } from 'node:os'
import { lineReader } from '../bridge-server/lines.ts'
import { type Log, reasonOf } from '../log.ts'
import { type AgentSpawner, createAgentSpawner } from './agent-spawner.ts'
import { asUser } from './identity.ts'
import type { LauncherReply, LauncherRequest } from './protocol.ts'
import { MAX_REQUEST_BYTES } from './protocol.ts'

export interface LauncherOptions {
  readonly socketPath: string
  /** Node's executable with the arguments that start the bridge. */
  readonly bridgeCommand: readonly [string, ...string[]]
  readonly bridgeEnv: Readonly<Record<string, string>>
  readonly log: Log
  /** Told when the container is asked to stop. */
  readonly onTerminate: (listener: () => void) => void
}

/**
 * The one process of the sandbox that may change users. It starts the bridge and, when the bridge
 * asks, agents; it delivers signals and tells exits, and sees none of what they say to each other.
 * Resolves with the exit code of the bridge, with which the sandbox ends.
 */
export function runLauncher(options: LauncherOptions): Promise<number> {
  const { log } = options
  let control: Socket | undefined
  const tell = (reply: LauncherReply) => control?.write(`${JSON.stringify(reply)}\n`)

  const agents = createAgentSpawner({ log, onExited: tell })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    receive(socket, agents, log, () => {
      control = socket
    })
  })
  server.listen(options.socketPath, () => chmodSync(options.socketPath, 0o666))

  return new Promise((resolve) => {
    const [node, ...args] = options.bridgeCommand
    const { command, args: full } = asUser('bridge', node, args)
    const bridge = spawn(command, full, {
      env: { ...options.bridgeEnv },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    bridge.on('error', (error) => {
      log.error('bridge.failed', { reason: reasonOf(error) })
      resolve(1)
    })
    bridge.on('exit', (code, signal) => {
      log.info('bridge.exited', { code, signal })
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
    options.onTerminate(() => {
      if (control === undefined) resolve(128 + constants.signals.SIGTERM)
      else tell({ type: 'terminate' })
    })
  })
}

function receive(socket: Socket, agents: AgentSpawner, log: Log, onControl: () => void): void {
  const read = lineReader(MAX_REQUEST_BYTES, {
    line(text) {
      // The bridge is trusted with this: it may only start what the agent's user may do anyway.
      const request = JSON.parse(text) as LauncherRequest
      switch (request.type) {
        case 'control':
          onControl()
          return
        case 'spawn':
          socket.off('data', read)
          socket.pause()
          socket.write('{"type":"ok"}\n', () => agents.spawn(request, socket))
          return
        case 'signal':
          agents.signal(request.id, request.signal)
          return
        case 'sweep':
          agents.sweep()
          return
        default:
          request satisfies never
      }
    },
    overflow: () => socket.destroy(),
  })
  socket.on('data', read)
  socket.on('error', (error) => log.warn('launcher.connection', { reason: reasonOf(error) }))
  socket.on('end', () => socket.end())
}
