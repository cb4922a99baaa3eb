import type { BridgeCommand } from '../generated/bridge-command.ts'
import { type Shape, shapeProblem } from './shape.ts'

/** A command, or the name of one that this bridge does not know and ignores. */
export type ParsedCommand =
  | { readonly command: BridgeCommand }
  | { readonly unrecognized: string }
  | { readonly invalid: string }

const SHAPES: Readonly<Record<BridgeCommand['type'], Shape>> = {
  attach: {
    protocol: 'integer',
    sandbox_id: 'string',
    session_id: 'string',
    epoch: 'integer',
    attachment: 'integer',
    last_frame: 'integer',
  },
  open: {
    resume: 'boolean',
    options: {
      model: 'string',
      allowed_tools: 'strings',
      disallowed_tools: 'strings',
      mcp_servers: 'object',
      client_servers: 'array',
      client_tool_timeout_ms: 'integer',
      agents: 'object',
      betas: 'strings',
      permission_mode: 'string',
      env: 'object',
      setting_sources: 'strings',
    },
  },
  run_turn: { turn_id: 'string', message_id: 'string', content: 'any' },
  interrupt: { turn_id: 'string' },
  client_tool_result: { call_id: 'string', content: 'array', is_error: 'boolean' },
  tool_recorded: { tool_use_id: 'string', first: 'boolean' },
  approval_answer: { tool_use_id: 'string', decision: 'string' },
  transcript_page: {
    request_id: 'string',
    found: 'boolean',
    entries: 'array',
    subpaths: 'strings',
    last: 'boolean',
  },
  ack: { frame: 'integer' },
  superseded: { epoch: 'integer' },
  shutdown: { grace_ms: 'integer' },
  heartbeat: {},
}

/** Reads one line of the door. What is required is checked, what is unknown is left alone. */
export function parseCommand(line: string): ParsedCommand {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { invalid: 'line is not JSON' }
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    return { invalid: 'line has no type' }
  }
  const type = value.type
  if (typeof type !== 'string') return { invalid: 'type is not a string' }
  if (!isCommandType(type)) return { unrecognized: type }
  const problem = shapeProblem(value, SHAPES[type], type)
  return problem === undefined ? { command: value as BridgeCommand } : { invalid: problem }
}

function isCommandType(type: string): type is BridgeCommand['type'] {
  return Object.hasOwn(SHAPES, type)
}
