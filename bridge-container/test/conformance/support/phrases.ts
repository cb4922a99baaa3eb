import { expect } from 'vitest'

/** A command that ends only by being killed; the agent itself refuses a bare `sleep`. */
export const HANGS = 'tail -f /dev/null'

/** What the model is told of a call that has no result. */
export const OUTCOME_UNKNOWN: unknown = expect.stringContaining('its outcome is unknown')

/** With what the agent takes up a turn by itself. */
export const CONTINUE = 'Continue from where you left off.'

/** Variables that Berth sets, and that rows leave out to see what they are there for. */
export const SHOWS_CUT_OFF_CALLS = 'CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS'
