import type { DurableFrame } from '../bridge-server/frame-log.ts'
import { reasonOf } from '../log.ts'
import type { AgentEnd } from './agent-life.ts'
import type { Stuck } from './watchdogs.ts'

/** How an agent ended, as the worker is told: by itself, or for the reason that was found. */
export function lastWord({ exit, error }: AgentEnd, found: Stuck | undefined): DurableFrame {
  const how = exit === undefined ? reasonOf(error) : describeExit(exit.code, exit.signal)
  return {
    type: 'agent_exited',
    exit_code: exit?.code ?? null,
    signal: exit?.signal ?? null,
    detail: exit === undefined || exit.stderr.trim() === '' ? how : exit.stderr.trim(),
    ...found,
  }
}

function describeExit(code: number | null, signal: string | null): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`
}
