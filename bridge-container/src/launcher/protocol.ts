/**
 * What bridge and launcher say to each other on the launcher's socket, one JSON object a line. The
 * first line of a connection tells its purpose: `control`, once, or `spawn`, after whose `ok` the
 * connection itself is the standard input and output of the new process.
 */
export type LauncherRequest =
  | { readonly type: 'control' }
  | SpawnRequest
  | { readonly type: 'signal'; readonly id: string; readonly signal: AgentSignal }
  | { readonly type: 'sweep' }

export interface SpawnRequest {
  readonly type: 'spawn'
  /** Chosen by the bridge; `exited` and `signal` name it. */
  readonly id: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
}

export type AgentSignal = 'SIGTERM' | 'SIGKILL' | 'SIGINT'

export type LauncherReply =
  | { readonly type: 'ok' }
  | ProcessExited
  /** The container is asked to stop. */
  | { readonly type: 'terminate' }

export interface ProcessExited {
  readonly type: 'exited'
  readonly id: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what the process said on its standard error. */
  readonly stderr: string
}

export const LAUNCHER_SOCKET = '/run/launcher/launcher.sock'

/** Requests are small but for the environment and arguments of an agent. */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024

export const STDERR_TAIL_BYTES = 8 * 1024
