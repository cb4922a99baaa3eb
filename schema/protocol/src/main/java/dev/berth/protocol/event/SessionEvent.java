package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.HostId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.TurnId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What can happen in a session. The tag of each record is the event's type; in the envelope it
 * stands beside the payload, not in it.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "type",
    visible = true,
    defaultImpl = SessionEvent.Unrecognized.class)
public sealed interface SessionEvent {

  /**
   * The session exists.
   *
   * @param model the model that its agent asks first
   */
  @JsonTypeName("session.opened")
  record SessionOpened(String model) implements SessionEvent {
    public SessionOpened {
      requireNonNull(model, "model");
    }
  }

  /**
   * The session's status changed.
   *
   * @param reason why, for {@code idle} the stop reason of the last turn
   */
  @JsonTypeName("session.status")
  record StatusChanged(SessionStatus status, @Nullable String reason) implements SessionEvent {
    public StatusChanged {
      requireNonNull(status, "status");
    }
  }

  /** The client is done with the session; it stays resumable while it is kept. */
  @JsonTypeName("session.completed")
  record SessionCompleted(String reason) implements SessionEvent {
    public SessionCompleted {
      requireNonNull(reason, "reason");
    }
  }

  /** Something that the client asked for was cut to what its token or the operator allows. */
  @JsonTypeName("options.clamped")
  record OptionsClamped(String option, JsonNode asked, JsonNode granted, String rule)
      implements SessionEvent {
    public OptionsClamped {
      requireNonNull(option, "option");
      requireNonNull(rule, "rule");
    }
  }

  /**
   * A message of the end user was stored; it will be answered, whatever dies.
   *
   * @param content the message; images and documents are replaced by their kind and size
   */
  @JsonTypeName("message.accepted")
  record MessageAccepted(JsonNode content) implements SessionEvent {
    public MessageAccepted {
      requireNonNull(content, "content");
    }
  }

  /**
   * The agent was handed the message.
   *
   * @param number counts the turns of the session from 1
   * @param attempt 1, or more when a sandbox was lost under the turn
   */
  @JsonTypeName("turn.started")
  record TurnStarted(long number, int attempt) implements SessionEvent {}

  /**
   * The turn is over and its result stands; {@code raw} is the Agent SDK's result.
   *
   * @param costMicrodollars cost of the turn from the ledger
   * @param totalCostMicrodollars cost of the session so far from the ledger
   * @param synthesised true where a sandbox was lost between the answer and its result: both are
   *     what the transcript tells, and {@code raw} has the answer alone
   */
  @JsonTypeName("turn.completed")
  record TurnCompleted(
      @JsonProperty("stop_reason") StopReason stopReason,
      @JsonProperty("duration_ms") long durationMillis,
      @JsonProperty("cost_microdollars") long costMicrodollars,
      @JsonProperty("total_cost_microdollars") long totalCostMicrodollars,
      TokenUsage usage,
      @Nullable Boolean synthesised)
      implements SessionEvent {
    public TurnCompleted {
      requireNonNull(stopReason, "stopReason");
      requireNonNull(usage, "usage");
    }
  }

  /** The turn was cut by an interrupt. */
  @JsonTypeName("turn.interrupted")
  record TurnInterrupted(
      @JsonProperty("duration_ms") long durationMillis,
      @JsonProperty("cost_microdollars") long costMicrodollars,
      @JsonProperty("total_cost_microdollars") long totalCostMicrodollars,
      TokenUsage usage)
      implements SessionEvent {
    public TurnInterrupted {
      requireNonNull(usage, "usage");
    }
  }

  /** The turn ended without a result. */
  @JsonTypeName("turn.failed")
  record TurnFailed(
      @JsonProperty("stop_reason") StopReason stopReason,
      Problem problem,
      @JsonProperty("duration_ms") long durationMillis,
      @JsonProperty("cost_microdollars") long costMicrodollars,
      @JsonProperty("total_cost_microdollars") long totalCostMicrodollars,
      TokenUsage usage)
      implements SessionEvent {
    public TurnFailed {
      requireNonNull(stopReason, "stopReason");
      requireNonNull(problem, "problem");
      requireNonNull(usage, "usage");
    }
  }

  /** The agent process is up; {@code raw} is the Agent SDK's {@code system/init}. */
  @JsonTypeName("agent.init")
  record AgentInit() implements SessionEvent {}

  /** {@code raw} is an assistant message of the Agent SDK. */
  @JsonTypeName("agent.message")
  record AgentMessage() implements SessionEvent {}

  /**
   * {@code raw} is a user message of the Agent SDK: results of tools, or a prompt it wrote itself.
   */
  @JsonTypeName("agent.user")
  record AgentUser() implements SessionEvent {}

  /** {@code raw} is the Agent SDK's result message; the turn's own end follows. */
  @JsonTypeName("agent.result")
  record AgentResult() implements SessionEvent {}

  /** {@code raw} is a message of the Agent SDK of any other kind, unknown ones too. */
  @JsonTypeName("agent.notice")
  record AgentNotice(
      @JsonProperty("sdk_type") String sdkType,
      @JsonProperty("sdk_subtype") @Nullable String sdkSubtype)
      implements SessionEvent {
    public AgentNotice {
      requireNonNull(sdkType, "sdkType");
    }
  }

  /**
   * The agent calls a tool that a client executes.
   *
   * @param toolUseId the Messages API id of the call; absent where the Agent SDK does not say it
   */
  @JsonTypeName("client_tool.called")
  record ClientToolCalled(
      @JsonProperty("call_id") String callId,
      String server,
      String tool,
      JsonNode input,
      @JsonProperty("tool_use_id") @Nullable String toolUseId)
      implements SessionEvent {
    public ClientToolCalled {
      requireNonNull(callId, "callId");
      requireNonNull(server, "server");
      requireNonNull(tool, "tool");
      requireNonNull(input, "input");
    }
  }

  /** The call is over for the agent; a later answer is refused. */
  @JsonTypeName("client_tool.closed")
  record ClientToolClosed(@JsonProperty("call_id") String callId, ClientToolOutcome outcome)
      implements SessionEvent {
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
  @JsonTypeName("tool.proposed")
  record ToolProposed(
      @JsonProperty("tool_use_id") String toolUseId,
      String name,
      @JsonProperty("input_hash") String inputHash,
      @JsonProperty("agent_id") @Nullable String agentId)
      implements SessionEvent {
    public ToolProposed {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
      requireNonNull(inputHash, "inputHash");
    }
  }

  /** The call may run from now on; without this event it has not run. */
  @JsonTypeName("tool.started")
  record ToolStarted(@JsonProperty("tool_use_id") String toolUseId, String name)
      implements SessionEvent {
    public ToolStarted {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
    }
  }

  /**
   * The call ran to an end.
   *
   * @param isError whether it failed or was cut
   * @param problem {@code tool_timed_out} when it was cut because it ran for as long as a call may;
   *     absent otherwise
   */
  @JsonTypeName("tool.completed")
  record ToolCompleted(
      @JsonProperty("tool_use_id") String toolUseId,
      @JsonProperty("is_error") boolean isError,
      @Nullable ProblemType problem)
      implements SessionEvent {
    public ToolCompleted {
      requireNonNull(toolUseId, "toolUseId");
    }
  }

  /** The call did not run. */
  @JsonTypeName("tool.denied")
  record ToolDenied(@JsonProperty("tool_use_id") String toolUseId, @Nullable String reason)
      implements SessionEvent {
    public ToolDenied {
      requireNonNull(toolUseId, "toolUseId");
    }
  }

  /**
   * The sandbox was lost while the call ran, or was about to: nobody knows whether it did. It is
   * not run again by the platform, and the model is told.
   */
  @JsonTypeName("tool.outcome_unknown")
  record ToolOutcomeUnknown(@JsonProperty("tool_use_id") String toolUseId, String name)
      implements SessionEvent {
    public ToolOutcomeUnknown {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
    }
  }

  /**
   * What the agent had at work beside itself ended with its sandbox: a background command, or a
   * subagent. It is not begun again by the platform, and the model is told. Said once, when the
   * next sandbox starts.
   *
   * @param taskId the Agent SDK's id of it
   * @param description in the agent's own words, cut to 200 characters
   * @param toolUseId the Messages API id of the call that began it, where one did
   */
  @JsonTypeName("background.lost")
  record BackgroundLost(
      @JsonProperty("task_id") String taskId,
      BackgroundKind kind,
      String description,
      @JsonProperty("tool_use_id") @Nullable String toolUseId)
      implements SessionEvent {
    public BackgroundLost {
      requireNonNull(taskId, "taskId");
      requireNonNull(kind, "kind");
      requireNonNull(description, "description");
    }
  }

  /**
   * A call waits for a person, in the session's status {@code requires_action}; nothing of it has
   * run. The event has the same id in every sandbox that waits with it.
   *
   * @param input what the tool is called with; long texts in it are cut
   * @param inputCut whether anything was cut
   * @param agentId the subagent that calls, absent for the main agent
   * @param title the Agent SDK's question
   * @param description what it says of the call
   */
  @JsonTypeName("approval.requested")
  record ApprovalRequested(
      @JsonProperty("tool_use_id") String toolUseId,
      String name,
      JsonNode input,
      @JsonProperty("input_cut") boolean inputCut,
      @JsonProperty("agent_id") @Nullable String agentId,
      @Nullable String title,
      @Nullable String description)
      implements SessionEvent {
    public ApprovalRequested {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(name, "name");
      requireNonNull(input, "input");
    }
  }

  /**
   * The wait for a person is over, for good.
   *
   * @param decision {@code allow} lets the call run once; the others keep it from running
   * @param reason what the person said to it
   * @param by who ended the wait
   */
  @JsonTypeName("approval.answered")
  record ApprovalAnswered(
      @JsonProperty("tool_use_id") String toolUseId,
      ApprovalDecision decision,
      @Nullable String reason,
      ApprovalSource by)
      implements SessionEvent {
    public ApprovalAnswered {
      requireNonNull(toolUseId, "toolUseId");
      requireNonNull(decision, "decision");
      requireNonNull(by, "by");
    }
  }

  /** A sandbox serves the session from now on, under the envelope's epoch. */
  @JsonTypeName("sandbox.started")
  record SandboxStarted(
      @JsonProperty("sandbox_id") SandboxId sandboxId,
      @JsonProperty("host_id") HostId hostId,
      boolean resumed)
      implements SessionEvent {
    public SandboxStarted {
      requireNonNull(sandboxId, "sandboxId");
      requireNonNull(hostId, "hostId");
    }
  }

  /**
   * The sandbox of the envelope's epoch is gone.
   *
   * @param background what its agent was at beside its turns, which ended with it; at most 50 of
   *     it, absent when there was nothing
   */
  @JsonTypeName("sandbox.ended")
  record SandboxEnded(
      @JsonProperty("sandbox_id") SandboxId sandboxId,
      SandboxEndReason reason,
      String detail,
      @Nullable List<BackgroundTask> background)
      implements SessionEvent {
    public SandboxEnded {
      requireNonNull(sandboxId, "sandboxId");
      requireNonNull(reason, "reason");
      requireNonNull(detail, "detail");
      background = background == null ? null : List.copyOf(background);
    }

    /** The id of the event: a sandbox ends once, whoever says it. */
    public static String id(SandboxId sandbox) {
      return "sandbox/%s/ended".formatted(sandbox);
    }
  }

  /**
   * The session goes on with older files than its transcript speaks of: its host was lost, and what
   * was kept elsewhere does not have the work of the latest turns. The transcript stays whole; the
   * model is told with its next message.
   *
   * @param snapshotSeq the log's number up to which the files are as they were; 0 for none at all
   * @param snapshotTurnId the last turn whose files are there, or there in part when they were kept
   *     while it ran; absent when there is none
   * @param snapshotAt when those files were kept
   * @param lostTurns turns that ended or began after it, at least 1; what they changed is missing
   *     or, of the first of them, there in part
   * @param lostCalls the latest tool calls that ended after it, in their order: their effects on
   *     files may be missing
   * @param unreadableSnapshots how many newer copies could not be read and were passed over; absent
   *     for none
   */
  @JsonTypeName("workspace.rolled_back")
  record WorkspaceRolledBack(
      @JsonProperty("snapshot_seq") long snapshotSeq,
      @JsonProperty("snapshot_turn_id") @Nullable TurnId snapshotTurnId,
      @JsonProperty("snapshot_at") @Nullable Instant snapshotAt,
      @JsonProperty("lost_turns") int lostTurns,
      @JsonProperty("lost_calls") @Nullable List<EndedCall> lostCalls,
      @JsonProperty("unreadable_snapshots") @Nullable Integer unreadableSnapshots)
      implements SessionEvent {
    public WorkspaceRolledBack {
      lostCalls = lostCalls == null || lostCalls.isEmpty() ? null : List.copyOf(lostCalls);
    }

    public WorkspaceRolledBack(
        long snapshotSeq,
        @Nullable TurnId snapshotTurnId,
        @Nullable Instant snapshotAt,
        int lostTurns) {
      this(snapshotSeq, snapshotTurnId, snapshotAt, lostTurns, null, null);
    }
  }

  /**
   * The session goes on without the host that had it. What had not left that host is lost: of the
   * conversation what is not in the transcript, of the files what {@code workspace.rolled_back}
   * says. The log itself is whole.
   *
   * @param hostId the host that is gone, or does not answer
   * @param transcriptSeq number of the last message of the agent that the transcript has, as it was
   *     acknowledged; 0 for none
   * @param transcriptAt when that was said
   * @param workspaceSeq the log's number up to which the files are there; 0 for none
   * @param workspaceAt when those files were kept
   */
  @JsonTypeName("session.host_lost")
  record HostLost(
      @JsonProperty("host_id") HostId hostId,
      @JsonProperty("transcript_seq") long transcriptSeq,
      @JsonProperty("transcript_at") @Nullable Instant transcriptAt,
      @JsonProperty("workspace_seq") long workspaceSeq,
      @JsonProperty("workspace_at") @Nullable Instant workspaceAt)
      implements SessionEvent {
    public HostLost {
      requireNonNull(hostId, "hostId");
    }
  }

  /**
   * The turn lost its sandbox and is taken up on another one.
   *
   * @param attempt the number of the attempt that follows
   */
  @JsonTypeName("session.rescheduled")
  record Rescheduled(SandboxEndReason reason, int attempt) implements SessionEvent {
    public Rescheduled {
      requireNonNull(reason, "reason");
    }
  }

  /**
   * What a client saw live of a message was cut off and is void: it is said again, under another
   * id.
   *
   * @param modelMessageId the Messages API id of the message; absent for every message of the
   *     session that was seen live and that no stored message confirms
   */
  @JsonTypeName("message.superseded")
  record MessageSuperseded(@JsonProperty("model_message_id") @Nullable String modelMessageId)
      implements SessionEvent {}

  /**
   * The message was withdrawn while it waited: it never runs. It is the end of its turn, in the
   * place of the others.
   *
   * @param totalCostMicrodollars cost of the session so far from the ledger
   */
  @JsonTypeName("message.withdrawn")
  record MessageWithdrawn(@JsonProperty("total_cost_microdollars") long totalCostMicrodollars)
      implements SessionEvent {}

  /**
   * The session goes on with a fresh agent, as its user asked: what the old one remembered is lost.
   * The fresh agent is given the summary with its first message.
   *
   * @param reason why it was needed
   * @param summary what the log says of the conversation, bounded
   */
  @JsonTypeName("session.restarted")
  record SessionRestarted(StopReason reason, String summary) implements SessionEvent {
    public SessionRestarted {
      requireNonNull(reason, "reason");
      requireNonNull(summary, "summary");
    }
  }

  /** An event of a newer Berth. */
  record Unrecognized(String type) implements SessionEvent {
    public Unrecognized {
      requireNonNull(type, "type");
    }
  }

  /** Puts an event together from the two columns in which it is stored. */
  static SessionEvent of(String type, JsonNode payload) {
    var tagged = ((ObjectNode) payload).deepCopy();
    tagged.put("type", type);
    return ProtocolJson.mapper().treeToValue(tagged, SessionEvent.class);
  }

  /** The event's type, as on the wire. */
  default String type() {
    return switch (this) {
      case Unrecognized(var type) -> type;
      default -> {
        var tag = getClass().getAnnotation(JsonTypeName.class);
        if (tag == null) {
          throw new IllegalStateException(getClass() + " has no @JsonTypeName");
        }
        yield tag.value();
      }
    };
  }

  /** The event without its type, as it is stored. */
  default ObjectNode payload() {
    var node = (ObjectNode) ProtocolJson.mapper().valueToTree(this);
    node.remove("type");
    return node;
  }
}
