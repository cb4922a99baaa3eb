import type { Pressure } from '../bridge-server/pressure.ts'
import { type Clock, sleep } from '../clock.ts'
import { asSpawnedProcess } from '../launcher/agent-process.ts'
import type { LaunchedProcess, Launcher } from '../launcher/client.ts'
import type { ProcessExited } from '../launcher/protocol.ts'
import { type Agent, type QueryFunction, startAgent } from './agent.ts'
import { type AgentSetup, sdkOptions } from './options.ts'

export interface AgentLifeOptions {
  readonly query: QueryFunction
  readonly setup: Omit<AgentSetup, 'spawn'>
  readonly launcher: Launcher
  readonly pressure: Pressure
  readonly clock: Clock
  readonly onMessage: (message: unknown) => void
}

/** How an agent ended: its process, where one had started, and what the SDK said of it. */
export interface AgentEnd {
  readonly exit: ProcessExited | undefined
  readonly error: unknown
}

/** One agent from its start to the end of its process. */
export interface AgentLife {
  readonly agent: Agent
  readonly ended: Promise<AgentEnd>
  /**
   * Closes the input, asks the process to end, and kills it when the grace is over. In mid-turn it
   * asks at once: else the agent would first finish its turn.
   */
  stop(graceMs: number, midTurn: boolean): Promise<void>
}

/** A process may outlive its output, and the other way round, for this long. */
const REAP_MS = 2_000

/** An idle agent ends by itself when its input closes; usually in a few milliseconds. */
const IDLE_EXIT_MS = 1_000

export function beginAgentLife(options: AgentLifeOptions): AgentLife {
  const { clock, launcher, pressure, query, setup } = options
  let launched: LaunchedProcess | undefined

  const spawn: AgentSetup['spawn'] = ({ command, args, cwd, env }) => {
    launched = launcher.spawn({ id: 'agent', command, args, cwd: cwd ?? '/', env: defined(env) })
    return asSpawnedProcess(launched, pressure, clock)
  }
  const agent = startAgent(query, sdkOptions({ ...setup, spawn }), options.onMessage)

  const reap = async (error: unknown): Promise<AgentEnd> => {
    if (launched === undefined) return { exit: undefined, error }
    const exit = await within(clock, REAP_MS, launched.exited)
    if (exit !== undefined) return { exit, error }
    launcher.sweep()
    return { exit: await within(clock, REAP_MS, launched.exited), error }
  }
  const ended = agent.ended.then(reap)

  return {
    agent,
    ended,
    async stop(graceMs, midTurn) {
      const deadline = clock.now() + graceMs
      agent.closeInput()
      if (!midTurn) await within(clock, Math.min(IDLE_EXIT_MS, graceMs / 2), ended)
      launched?.signal('SIGTERM')
      await within(clock, Math.max(0, deadline - clock.now()), ended)
      launcher.sweep()
      await within(clock, REAP_MS, ended)
    },
  }
}

/** The value, or nothing when it takes longer. */
export function within<T>(clock: Clock, ms: number, value: Promise<T>): Promise<T | undefined> {
  return Promise.race([value, sleep(clock, ms).then(() => undefined)])
}

function defined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
