/** Why the bridge ended; the sandbox ends with the same code. */
export const ExitCode = {
  /** Asked to, by `shutdown` or by a signal, and done in order. */
  shutdown: 0,
  /** A fault of the bridge itself. */
  fault: 1,
  /** Started wrongly: an argument or a variable is missing. */
  usage: 2,
  /** Another sandbox or worker serves the session. */
  superseded: 20,
  /** The agent process ended by itself; `agent_exited` says how. */
  agentExited: 21,
  /** The launcher is gone, so that nothing can be started or ended any more. */
  launcherLost: 22,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
