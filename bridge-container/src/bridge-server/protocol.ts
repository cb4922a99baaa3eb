/** Numbers that both ends of the door agree on; their other home is `BridgeProtocol.java`. */
export const PROTOCOL_VERSION = 1

/** Each side says something at least this often. */
export const HEARTBEAT_MS = 1_000

/** Without a word for this long, a connection is taken for dead and made anew. */
export const SILENCE_MS = 3_000

/** The longest line; a larger one ends the connection. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024

export const CONTROL_SOCKET = 'control.sock'
export const MODEL_SOCKET = 'model.sock'
export const EGRESS_SOCKET = 'egress.sock'
