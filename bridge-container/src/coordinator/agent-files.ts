import type { Socket } from 'node:net'
import type { LaunchedProcess, Launcher } from '../launcher/client.ts'
import type { ProcessExited } from '../launcher/protocol.ts'

/** A file in the agent's home, written by a process of the agent's user. */
export interface AgentFile {
  write(text: string): Promise<void>
  /** The file is complete and takes its name. */
  finish(): Promise<void>
  /** Nothing of it stays. */
  abandon(): Promise<void>
}

export interface AgentFiles {
  create(path: string): AgentFile
}

/** The process that wrote a file was killed: nothing is wrong with the file, or with the session. */
export class WriterKilled extends Error {
  readonly exit: ProcessExited

  constructor(path: string, exit: ProcessExited) {
    super(`could not write ${path}: ${exit.signal}`)
    this.exit = exit
  }
}

/** Only the agent's user may write in the agent's home, and the file must be its own. */
const SCRIPT = 'umask 077 && mkdir -p "$(dirname "$1")" && cat > "$1.part" && mv "$1.part" "$1"'

export function createAgentFiles(launcher: Launcher, newId: () => string): AgentFiles {
  return {
    create(path) {
      const launched = launcher.spawn({
        id: `write-${newId()}`,
        command: '/bin/sh',
        args: ['-c', SCRIPT, 'write', path],
        cwd: '/',
        env: { PATH: '/usr/bin:/bin' },
      })
      let socket: Socket | undefined
      const stdio = async () => {
        if (socket !== undefined) return socket
        socket = await launched.stdio
        // Each write is told of it, and the exit says why; between two of them nobody else listens.
        socket.on('error', () => {})
        return socket
      }
      return {
        write: async (text) => {
          try {
            await writeAll(await stdio(), text)
          } catch (error) {
            // How the process ended says more than that it does not read any more.
            await written(launched, path)
            throw error
          }
        },
        finish: async () => {
          const ending = await stdio()
          ending.end()
          ending.resume()
          await written(launched, path)
        },
        abandon: async () => {
          launched.signal('SIGKILL')
          await launched.exited
        },
      }
    },
  }
}

async function written(launched: LaunchedProcess, path: string): Promise<void> {
  const exit = await launched.exited
  if (exit.signal !== null) throw new WriterKilled(path, exit)
  if (exit.code !== 0)
    throw new Error(`could not write ${path}: ${exit.stderr.trim() || `exit code ${exit.code}`}`)
}

function writeAll(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()))
  })
}
