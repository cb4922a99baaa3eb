import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { type Log, reasonOf } from '../log.ts'
import { asUser, asUserIn } from './identity.ts'
import type { AgentSignal, ProcessExited, SpawnRequest } from './protocol.ts'
import { STDERR_TAIL_BYTES } from './protocol.ts'
import { createTail } from './tail.ts'

/** The end of a process is told when its last words are in, or after this long. */
const STDERR_GRACE_MS = 100

/** A sandbox that is full of processes has no room for one more at once. */
const KILL_ATTEMPTS = 20
const KILL_RETRY_MS = 250

export interface AgentSpawner {
  /** Starts a process as the agent user; the socket becomes its standard input and output. */
  spawn(request: SpawnRequest, stdio: Socket): void
  signal(id: string, signal: AgentSignal): void
  /** Kills every process of the agent user. */
  sweep(): void
}

export interface AgentSpawnerOptions {
  readonly log: Log
  readonly onExited: (exited: ProcessExited) => void
}

export function createAgentSpawner({ log, onExited }: AgentSpawnerOptions): AgentSpawner {
  const running = new Map<string, number>()

  /** Only a process of the same user may signal, since the launcher holds no right to. */
  const kill = (signal: AgentSignal, target: string, attempts = KILL_ATTEMPTS) => {
    const name = `-${signal.slice(3)}`
    const { command, args } = asUser('agent', '/usr/bin/kill', [name, '--', target])
    spawn(command, args, { stdio: 'ignore', env: {} }).on('error', (error) => {
      log.warn('signal.failed', { signal, reason: reasonOf(error) })
      if (attempts > 1) setTimeout(() => kill(signal, target, attempts - 1), KILL_RETRY_MS)
    })
  }

  return {
    spawn(request, stdio) {
      const { id, cwd, env } = request
      const { command, args } = asUserIn('agent', cwd, request.command, request.args)
      const child = spawn(command, args, {
        env: { ...env },
        stdio: [stdio, stdio, 'pipe'],
        detached: true,
      })
      // The child has its own copy now; ending this one politely would end the child's as well.
      stdio.destroy()
      if (child.pid !== undefined) running.set(id, child.pid)
      log.info('agent.spawned', { id, pid: child.pid })
      watch(child, id, (exited) => {
        running.delete(id)
        log.info('agent.exited', { id, code: exited.code, signal: exited.signal })
        onExited(exited)
      })
    },
    signal(id, signal) {
      const pid = running.get(id)
      if (pid !== undefined) kill(signal, String(pid))
    },
    sweep: () => kill('SIGKILL', '-1'),
  }
}

function watch(child: ChildProcess, id: string, done: (exited: ProcessExited) => void): void {
  const stderr = createTail(STDERR_TAIL_BYTES)
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.on('error', (error) => {
    done({ type: 'exited', id, code: null, signal: null, stderr: reasonOf(error) })
  })
  child.on('exit', (code, signal) => {
    let told = false
    const tell = () => {
      if (told) return
      told = true
      done({ type: 'exited', id, code, signal, stderr: stderr.text() })
    }
    child.once('close', tell)
    setTimeout(tell, STDERR_GRACE_MS)
  })
}
