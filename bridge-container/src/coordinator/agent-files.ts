import type { Socket } from 'node:net'
import type { LaunchedProcess, Launcher } from '../launcher/client.ts'

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
      return {
        write: async (text) => {
          await writeAll(await launched.stdio, text)
        },
        finish: () => finish(launched, path),
        abandon: async () => {
          launched.signal('SIGKILL')
          await launched.exited
        },
      }
    },
  }
}

async function finish(launched: LaunchedProcess, path: string): Promise<void> {
  const socket = await launched.stdio
  socket.end()
  socket.resume()
  const { code, stderr } = await launched.exited
  if (code !== 0)
    throw new Error(`could not write ${path}: ${stderr.trim() || `exit code ${code}`}`)
}

function writeAll(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()))
  })
}
