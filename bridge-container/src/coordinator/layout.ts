/** Fixed places inside the sandbox. */
export const PROJECT_FOLDER = '/workspace/project'
export const AGENT_HOME = '/home/agent'
export const CLAUDE_CONFIG_FOLDER = `${AGENT_HOME}/.claude`

/** The Agent SDK keys transcripts by the folder that the agent works in. */
export const TRANSCRIPT_FOLDER = `${CLAUDE_CONFIG_FOLDER}/projects/${PROJECT_FOLDER.replaceAll(/[^a-zA-Z0-9]/g, '-')}`

/** Loopback ports of the bridge, behind which the door's sockets stand. */
export const MODEL_PORT = 17_001
export const EGRESS_PORT = 17_002

/** Where a shell of the agent asks for its operation id, and the script that asks. */
export const OPERATION_PORT = 17_003
export const OPERATION_SCRIPT = '/opt/berth/operation-id'
