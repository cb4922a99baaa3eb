package dev.berth.protocol.bridge;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.protocol.event.ClientToolOutcome;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.ToolOutcome;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a bridge tells its worker. {@link Durable} frames are numbered from 1 without a gap in the
 * life of a sandbox, kept by the bridge until they are acknowledged, and sent again after a
 * reconnection; all others are said once.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "type",
    visible = true,
    defaultImpl = BridgeFrame.Unrecognized.class)
public sealed interface BridgeFrame {

  /** A frame that must reach the event log, or the transcript, before it is acknowledged. */
  sealed interface Durable extends BridgeFrame {
    /** Its number in the life of the sandbox, from 1. */
    long frame();
  }

  /**
   * The first frame on a connection.
   *
   * @param sessionId the session that the bridge serves, absent before the first {@code attach}
   * @param epoch the epoch that it serves it under, 0 before the first {@code attach}
   */
  @JsonTypeName("hello")
  record Hello(
      int protocol,
      @JsonProperty("sandbox_id") SandboxId sandboxId,
      @JsonProperty("session_id") @Nullable SessionId sessionId,
      int epoch,
      @JsonProperty("next_frame") long nextFrame,
      @JsonProperty("sdk_version") String sdkVersion)
      implements BridgeFrame {
    public Hello {
      requireNonNull(sandboxId, "sandboxId");
      requireNonNull(sdkVersion, "sdkVersion");
    }
  }

  /** The bridge obeys this attachment from now on and repeats what was not committed. */
  @JsonTypeName("attached")
  record Attached(int attachment) implements BridgeFrame {}

  /** The bridge already obeys a higher attachment or epoch; the worker must let go. */
  @JsonTypeName("refused")
  record Refused(int epoch, int attachment) implements BridgeFrame {}

  /**
   * A message of the Agent SDK, of whatever kind, verbatim.
   *
   * @param turnId the turn that was running, if one was
   */
  @JsonTypeName("sdk_message")
  record SdkMessage(long frame, @JsonProperty("turn_id") @Nullable TurnId turnId, JsonNode message)
      implements Durable {
    public SdkMessage {
      requireNonNull(message, "message");
    }
  }

  /**
   * Entries that the Agent SDK wrote to its transcript.
   *
   * @param subpath absent for the main transcript, as {@code subagents/agent-1} for a subagent's
   */
  @JsonTypeName("transcript_part")
  record TranscriptPart(long frame, @Nullable String subpath, List<JsonNode> entries)
      implements Durable {
    public TranscriptPart {
      entries = List.copyOf(entries);
    }
  }

  /** The agent calls a tool that a client executes. */
  @JsonTypeName("client_tool_call")
  record ClientToolCall(
      long frame,
      @JsonProperty("turn_id") @Nullable TurnId turnId,
      @JsonProperty("call_id") String callId,
      String server,
      String tool,
      JsonNode input)
      implements Durable {
    public ClientToolCall {
      requireNonNull(callId, "callId");
      requireNonNull(server, "server");
      requireNonNull(tool, "tool");
      requireNonNull(input, "input");
    }
  }

  /** The agent waits no longer for the answer to a call: it was given up or its turn ended. */
  @JsonTypeName("client_tool_closed")
  record ClientToolClosed(
      long frame, @JsonProperty("call_id") String callId, ClientToolOutcome outcome)
      implements Durable {
    public ClientToolClosed {
      requireNonNull(callId, "callId");
      requireNonNull(outcome, "outcome");
    }
  }

  /**
   * The model has called a tool; nothing has run yet.
   *
   * @param toolUseId the Messages API id of the call
   * @param inputHash SHA-256 of the input as JSON, in hexadecimal
   * @param agentId the subagent that calls, absent for the main agent
   */
  @JsonTypeName("tool_proposed")
  record ToolProposed(
      long frame,
      @JsonProperty("turn_id") @Nullable TurnId turnId,
      @JsonProperty("tool_use_id") String toolUseId,
      String name,
      @JsonProperty("input_hash") String inputHash,
      @JsonProperty("agent_id") @Nullable String agentId)
      implements Durable {
    public ToolProposed {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
      requireNonNull(inputHash, "inputHash");
    }
  }

  /**
   * The call stands before its last gate: it runs when {@code tool_recorded} says that this is its
   * first start, and not before.
   */
  @JsonTypeName("tool_started")
  record ToolStarted(
      long frame,
      @JsonProperty("turn_id") @Nullable TurnId turnId,
      @JsonProperty("tool_use_id") String toolUseId,
      String name)
      implements Durable {
    public ToolStarted {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
    }
  }

  /**
   * The call is over.
   *
   * @param reason why, for a call that was denied
   */
  @JsonTypeName("tool_ended")
  record ToolEnded(
      long frame,
      @JsonProperty("turn_id") @Nullable TurnId turnId,
      @JsonProperty("tool_use_id") String toolUseId,
      ToolOutcome outcome,
      @Nullable String reason)
      implements Durable {
    public ToolEnded {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(outcome, "outcome");
    }
  }

  /**
   * The end of a turn, exactly one for each turn that the bridge was handed.
   *
   * @param stopReason why it ended
   * @param result the Agent SDK's result message, absent where the SDK gave none
   * @param problem what went wrong, for stop reasons that are failures
   */
  @JsonTypeName("turn_ended")
  record TurnEnded(
      long frame,
      @JsonProperty("turn_id") TurnId turnId,
      @JsonProperty("message_id") MessageId messageId,
      @JsonProperty("stop_reason") StopReason stopReason,
      @Nullable JsonNode result,
      @Nullable Problem problem)
      implements Durable {
    public TurnEnded {
      requireNonNull(turnId, "turnId");
      requireNonNull(messageId, "messageId");
      requireNonNull(stopReason, "stopReason");
    }
  }

  /**
   * The agent process has ended; the bridge exits after it.
   *
   * @param reason which watchdog of the bridge ended it, or that it was out of memory; absent when
   *     it ended by itself
   */
  @JsonTypeName("agent_exited")
  record AgentExited(
      long frame,
      @JsonProperty("exit_code") @Nullable Integer exitCode,
      @Nullable String signal,
      String detail,
      @Nullable SandboxEndReason reason)
      implements Durable {
    public AgentExited {
      requireNonNull(detail, "detail");
    }
  }

  /** A stream event of the Agent SDK: live only, never stored. */
  @JsonTypeName("delta")
  record Delta(@JsonProperty("turn_id") @Nullable TurnId turnId, JsonNode message)
      implements BridgeFrame {
    public Delta {
      requireNonNull(message, "message");
    }
  }

  /**
   * Asks for the stored transcript; answered by {@code transcript_page}.
   *
   * @param subpath absent for the main transcript
   */
  @JsonTypeName("load_transcript")
  record LoadTranscript(@JsonProperty("request_id") String requestId, @Nullable String subpath)
      implements BridgeFrame {
    public LoadTranscript {
      requireNonNull(requestId, "requestId");
    }
  }

  /**
   * Everything that the agent does in the background; said after each change, and to each worker
   * that attaches.
   */
  @JsonTypeName("background_tasks")
  record BackgroundTasks(List<BackgroundTask> tasks) implements BridgeFrame {
    public BackgroundTasks {
      tasks = List.copyOf(tasks);
    }
  }

  @JsonTypeName("heartbeat")
  record Heartbeat() implements BridgeFrame {}

  /** A frame of a newer bridge; ignored. */
  record Unrecognized(String type) implements BridgeFrame {
    public Unrecognized {
      requireNonNull(type, "type");
    }
  }
}
