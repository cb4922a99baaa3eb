// Generated from schema/protocol by `npm run generate`; do not edit.

export type BridgeCommand = (Attach | Open | RunTurn | Interrupt | ClientToolResult | ToolRecorded | ApprovalAnswer | TranscriptPage | Ack | Superseded | Shutdown | Heartbeat)
export type WatchdogLimitsNullable = (null | WatchdogLimits)

export interface Attach {
type: "attach"
attachment: number
epoch: number
last_frame: number
protocol: number
sandbox_id: string
session_id: string
}
export interface Open {
type: "open"
asked_calls?: (AskedCall[] | null)
options: AgentOptions
resume: boolean
resume_notice?: (string | null)
resume_reason?: (string | null)
start_wait?: (null | ("all" | "side_effecting" | "none"))
started_calls?: (string[] | null)
turn_id?: (string | null)
unknown_calls?: (UnknownCall[] | null)
watchdogs?: WatchdogLimitsNullable
}
export interface AskedCall {
decision?: (null | ("allow" | "deny" | "withdraw"))
over: boolean
reason?: (string | null)
tool_use_id: string
}
export interface AgentOptions {
agents: MapOfJsonNode
allowed_tools: string[]
approvals?: (string | null)
betas: string[]
client_servers: ClientServer[]
client_tool_timeout_ms: number
disallowed_tools: string[]
env: MapOfString
fallback_model?: (string | null)
max_budget_usd?: (number | null)
max_thinking_tokens?: (number | null)
max_turns?: (number | null)
mcp_servers: MapOfJsonNode
model: string
output_format?: unknown
permission_mode: string
resume_session_at?: (string | null)
setting_sources: string[]
system_prompt?: unknown
tools?: unknown
}
export interface MapOfJsonNode {
[k: string]: unknown
}
export interface ClientServer {
name: string
tools: ClientTool[]
version?: (string | null)
}
export interface ClientTool {
description: string
input_schema: unknown
name: string
}
export interface MapOfString {
[k: string]: string
}
export interface UnknownCall {
name: string
tool_use_id: string
}
export interface WatchdogLimits {
hang_ms: number
start_ms: number
stream_idle_ms: number
tool_ms: number
}
export interface RunTurn {
type: "run_turn"
content: unknown
message_id: string
turn_id: string
}
export interface Interrupt {
type: "interrupt"
turn_id: string
}
export interface ClientToolResult {
type: "client_tool_result"
call_id: string
content: unknown[]
is_error: boolean
}
export interface ToolRecorded {
type: "tool_recorded"
first: boolean
tool_use_id: string
}
export interface ApprovalAnswer {
type: "approval_answer"
decision: ("allow" | "deny" | "withdraw")
reason?: (string | null)
tool_use_id: string
}
export interface TranscriptPage {
type: "transcript_page"
entries: unknown[]
found: boolean
last: boolean
request_id: string
subpaths: string[]
}
export interface Ack {
type: "ack"
frame: number
}
export interface Superseded {
type: "superseded"
epoch: number
}
export interface Shutdown {
type: "shutdown"
grace_ms: number
keep_turn?: (boolean | null)
}
export interface Heartbeat {
type: "heartbeat"
}
