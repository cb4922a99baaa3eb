// Generated from schema/protocol by `npm run generate`; do not edit.

export type BridgeFrame = (SdkMessage | TranscriptPart | ClientToolCall | ClientToolClosed | ToolProposed | ToolStarted | ToolEnded | ApprovalRequested | ApprovalClosed | TurnEnded | AgentExited | Hello | Attached | Refused | Delta | LoadTranscript | BackgroundTasks | Heartbeat)
export type ProblemNullable = (null | Problem)

export interface SdkMessage {
type: "sdk_message"
frame: number
message: unknown
turn_id?: (string | null)
}
export interface TranscriptPart {
type: "transcript_part"
entries: unknown[]
frame: number
subpath?: (string | null)
}
export interface ClientToolCall {
type: "client_tool_call"
call_id: string
frame: number
input: unknown
server: string
tool: string
tool_use_id?: (string | null)
turn_id?: (string | null)
}
export interface ClientToolClosed {
type: "client_tool_closed"
call_id: string
frame: number
outcome: ("answered" | "timed_out" | "cancelled")
}
export interface ToolProposed {
type: "tool_proposed"
agent_id?: (string | null)
frame: number
input_hash: string
name: string
tool_use_id: string
turn_id?: (string | null)
}
export interface ToolStarted {
type: "tool_started"
frame: number
name: string
tool_use_id: string
turn_id?: (string | null)
}
export interface ToolEnded {
type: "tool_ended"
frame: number
outcome: ("completed" | "failed" | "denied" | "timed_out")
reason?: (string | null)
tool_use_id: string
turn_id?: (string | null)
}
export interface ApprovalRequested {
type: "approval_requested"
agent_id?: (string | null)
description?: (string | null)
frame: number
input: unknown
input_cut: boolean
name: string
title?: (string | null)
tool_use_id: string
turn_id?: (string | null)
}
export interface ApprovalClosed {
type: "approval_closed"
by: ("user" | "turn_ended" | "sandbox_lost")
frame: number
tool_use_id: string
turn_id?: (string | null)
}
export interface TurnEnded {
type: "turn_ended"
frame: number
message_id: string
problem?: ProblemNullable
result?: unknown
stop_reason: ("end_turn" | "max_turns" | "budget_exhausted" | "structured_output_retries" | "refusal" | "interrupted" | "model_error" | "agent_error" | "disk_full" | "timed_out" | "sandbox_failed" | "retries_exhausted" | "closed" | "withdrawn" | "unavailable" | "transcript_missing")
synthesised?: (boolean | null)
turn_id: string
}
export interface Problem {
away?: (null | ("object_storage" | "container_engine" | "database" | "host"))
message: string
type: ("invalid_token" | "token_expired" | "user_budget_exhausted" | "developer_budget_exhausted" | "concurrent_limit_reached" | "rate_limited" | "invalid_request" | "request_too_large" | "message_conflict" | "message_not_found" | "message_not_waiting" | "message_withdrawn" | "approval_not_found" | "approval_conflict" | "approval_ended" | "session_conflict" | "session_busy" | "session_not_found" | "session_closed" | "superseded" | "sandbox_failed" | "sandbox_lost" | "image_missing" | "disk_full" | "transcript_missing" | "restart_not_needed" | "retries_exhausted" | "model_refused" | "model_unavailable" | "unavailable" | "internal" | "tool_timed_out" | "timed_out")
}
export interface AgentExited {
type: "agent_exited"
detail: string
exit_code?: (number | null)
frame: number
reason?: (null | ("idle" | "parked" | "completed" | "closed" | "exited" | "killed" | "oom_killed" | "disk_full" | "start_failed" | "silent" | "agent_exited" | "start_timed_out" | "agent_hung" | "stream_wedged" | "tool_timed_out" | "turn_timed_out" | "host_lost" | "superseded" | "orphaned"))
signal?: (string | null)
}
export interface Hello {
type: "hello"
epoch: number
next_frame: number
protocol: number
sandbox_id: string
sdk_version: string
session_id?: (string | null)
}
export interface Attached {
type: "attached"
attachment: number
}
export interface Refused {
type: "refused"
attachment: number
epoch: number
}
export interface Delta {
type: "delta"
message: unknown
turn_id?: (string | null)
}
export interface LoadTranscript {
type: "load_transcript"
request_id: string
subpath?: (string | null)
}
export interface BackgroundTasks {
type: "background_tasks"
tasks: BackgroundTask[]
}
export interface BackgroundTask {
description: string
kind: string
task_id: string
}
export interface Heartbeat {
type: "heartbeat"
}
