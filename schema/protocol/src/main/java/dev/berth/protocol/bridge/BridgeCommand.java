package dev.berth.protocol.bridge;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.ApprovalDecision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a worker asks of a bridge. Every command may arrive twice, after a reconnection, and then
 * changes nothing; the bridge obeys only the highest attachment of the highest epoch it has seen.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "type",
    visible = true,
    defaultImpl = BridgeCommand.Unrecognized.class)
public sealed interface BridgeCommand {

  /**
   * The first command on a connection: from now on this worker holds the bridge.
   *
   * @param lastFrame number of the last durable frame that is committed; the bridge goes on after
   *     it
   */
  @JsonTypeName("attach")
  record Attach(
      int protocol,
      @JsonProperty("sandbox_id") SandboxId sandboxId,
      @JsonProperty("session_id") SessionId sessionId,
      int epoch,
      int attachment,
      @JsonProperty("last_frame") long lastFrame)
      implements BridgeCommand {
    public Attach {
      requireNonNull(sandboxId, "sandboxId");
      requireNonNull(sessionId, "sessionId");
    }
  }

  /**
   * Starts the agent of the session, once in a bridge's life.
   *
   * @param resume whether a transcript exists; it is then asked for by {@code load_transcript}
   * @param resumeReason why an earlier sandbox ended, when this one takes up its turn
   * @param unknownCalls tool calls of that turn of which nobody knows whether they ran; the model
   *     is told, since the transcript may not have them
   * @param resumeNotice what the model is to know before it goes on with that turn
   * @param watchdogs when the agent is taken for stuck; absent for the bridge's own times
   * @param askedCalls calls for which a person was asked and that never started, oldest first; the
   *     agent itself would not come back to them
   * @param startedCalls the Messages API ids of the calls of that turn that may have run
   * @param turnId that turn, if it had begun: what the agent does belongs to it even before it is
   *     handed over
   * @param startWait which tool calls run only when their start is in the log; absent for all
   */
  @JsonTypeName("open")
  record Open(
      boolean resume,
      @JsonProperty("resume_reason") @Nullable String resumeReason,
      AgentOptions options,
      @JsonProperty("unknown_calls") @Nullable List<UnknownCall> unknownCalls,
      @JsonProperty("resume_notice") @Nullable String resumeNotice,
      @Nullable WatchdogLimits watchdogs,
      @JsonProperty("asked_calls") @Nullable List<AskedCall> askedCalls,
      @JsonProperty("started_calls") @Nullable List<String> startedCalls,
      @JsonProperty("turn_id") @Nullable TurnId turnId,
      @JsonProperty("start_wait") @Nullable StartWait startWait)
      implements BridgeCommand {
    public Open {
      requireNonNull(options, "options");
      unknownCalls = unknownCalls == null ? null : List.copyOf(unknownCalls);
      askedCalls = askedCalls == null ? null : List.copyOf(askedCalls);
      startedCalls = startedCalls == null ? null : List.copyOf(startedCalls);
    }
  }

  /**
   * A tool call for which a person was asked, and that never started.
   *
   * @param toolUseId the Messages API id of the call
   * @param over whether it will not run any more; the model is told that it did not
   * @param decision the person's, absent while there is none
   * @param reason what the person said to it
   */
  record AskedCall(
      @JsonProperty("tool_use_id") String toolUseId,
      boolean over,
      @Nullable ApprovalDecision decision,
      @Nullable String reason) {
    public AskedCall {
      requireNonNull(toolUseId, "toolUseId");
    }
  }

  /**
   * A tool call of unknown outcome.
   *
   * @param toolUseId the Messages API id of the call
   */
  record UnknownCall(@JsonProperty("tool_use_id") String toolUseId, String name) {
    public UnknownCall {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
    }
  }

  /**
   * Hands the agent a message. The message id becomes the Agent SDK's uuid, under which the SDK
   * itself refuses to run a message twice.
   *
   * @param content text, or an array of Messages API content blocks
   */
  @JsonTypeName("run_turn")
  record RunTurn(
      @JsonProperty("turn_id") TurnId turnId,
      @JsonProperty("message_id") MessageId messageId,
      JsonNode content)
      implements BridgeCommand {
    public RunTurn {
      requireNonNull(turnId, "turnId");
      requireNonNull(messageId, "messageId");
      requireNonNull(content, "content");
    }
  }

  /** Ends the running turn; its end comes as {@code turn_ended} as always. */
  @JsonTypeName("interrupt")
  record Interrupt(@JsonProperty("turn_id") TurnId turnId) implements BridgeCommand {
    public Interrupt {
      requireNonNull(turnId, "turnId");
    }
  }

  /**
   * The answer to {@code client_tool_call}.
   *
   * @param content content items as MCP has them
   */
  @JsonTypeName("client_tool_result")
  record ClientToolResult(
      @JsonProperty("call_id") String callId,
      List<JsonNode> content,
      @JsonProperty("is_error") boolean isError)
      implements BridgeCommand {
    public ClientToolResult {
      requireNonNull(callId, "callId");
      content = List.copyOf(content);
    }
  }

  /**
   * The start of a tool call is in the log.
   *
   * @param first false when an earlier sandbox of the session had started it: it must not run,
   *     since nobody knows whether it did then
   */
  @JsonTypeName("tool_recorded")
  record ToolRecorded(@JsonProperty("tool_use_id") String toolUseId, boolean first)
      implements BridgeCommand {
    public ToolRecorded {
      requireNonNull(toolUseId, "toolUseId");
    }
  }

  /**
   * What was decided about a call that waits for a person; the decision is in the log.
   *
   * @param reason what the person said to it; the model hears it when the call does not run
   */
  @JsonTypeName("approval_answer")
  record ApprovalAnswer(
      @JsonProperty("tool_use_id") String toolUseId,
      ApprovalDecision decision,
      @Nullable String reason)
      implements BridgeCommand {
    public ApprovalAnswer {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(decision, "decision");
    }
  }

  /**
   * A part of the answer to {@code load_transcript}, in order.
   *
   * @param found false when nothing was ever stored under that subpath
   * @param subpaths every subpath of the session; only in the last page of the main transcript
   */
  @JsonTypeName("transcript_page")
  record TranscriptPage(
      @JsonProperty("request_id") String requestId,
      boolean found,
      List<JsonNode> entries,
      List<String> subpaths,
      boolean last)
      implements BridgeCommand {
    public TranscriptPage {
      requireNonNull(requestId, "requestId");
      entries = List.copyOf(entries);
      subpaths = List.copyOf(subpaths);
    }
  }

  /** All durable frames up to this number are committed; the bridge may forget them. */
  @JsonTypeName("ack")
  record Ack(long frame) implements BridgeCommand {}

  /** Another sandbox or worker has taken the session over: end the agent and exit. */
  @JsonTypeName("superseded")
  record Superseded(int epoch) implements BridgeCommand {}

  /**
   * Ends the agent, with time to write its transcript, and exits.
   *
   * @param keepTurn true: the running turn is not over, and another sandbox takes it up from where
   *     it is, so that the agent is ended at once and writes nothing more
   */
  @JsonTypeName("shutdown")
  record Shutdown(
      @JsonProperty("grace_ms") int graceMillis,
      @JsonProperty("keep_turn") @Nullable Boolean keepTurn)
      implements BridgeCommand {}

  @JsonTypeName("heartbeat")
  record Heartbeat() implements BridgeCommand {}

  /** A command of a newer worker; ignored. */
  record Unrecognized(String type) implements BridgeCommand {
    public Unrecognized {
      requireNonNull(type, "type");
    }
  }
}
