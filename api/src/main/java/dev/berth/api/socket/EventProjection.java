package dev.berth.api.socket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.math.BigDecimal;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What published clients see of an event: the Agent SDK's messages of those kinds that they
 * understand, and exactly one {@code result} for each turn (client protocol, section 6).
 */
final class EventProjection {
  /** Microdollars in a dollar, as a power of ten. */
  private static final int MICRO = 6;

  private final SessionId session;

  EventProjection(SessionId session) {
    this.session = session;
  }

  /** The Agent SDK's message that a client gets for an event, or null for none. */
  @Nullable ObjectNode message(EventEnvelope event) {
    return switch (event.event()) {
      case SessionEvent.AgentInit _, SessionEvent.AgentMessage _, SessionEvent.AgentUser _ ->
          owned(event.raw());
      case SessionEvent.AgentNotice(var type, var subtype)
          when type.equals("system") && "compact_boundary".equals(subtype) ->
          owned(event.raw());
      case TurnCompleted turn ->
          result(
              event,
              subtype(turn.stopReason()),
              turn.durationMillis(),
              turn.totalCostMicrodollars(),
              turn.usage(),
              null);
      case TurnInterrupted turn ->
          result(
              event,
              "error_during_execution",
              turn.durationMillis(),
              turn.totalCostMicrodollars(),
              turn.usage(),
              new Problem(ProblemType.TIMED_OUT, "The turn was interrupted."));
      case TurnFailed turn ->
          result(
              event,
              "error_during_execution",
              turn.durationMillis(),
              turn.totalCostMicrodollars(),
              turn.usage(),
              turn.problem());
      case SessionEvent.MessageWithdrawn(var totalCost) ->
          result(
              event,
              "error_during_execution",
              0,
              totalCost,
              TokenUsage.NONE,
              new Problem(ProblemType.MESSAGE_WITHDRAWN, "The message was withdrawn."));
      case SessionEvent.SessionOpened _,
          SessionEvent.StatusChanged _,
          SessionEvent.SessionCompleted _,
          SessionEvent.OptionsClamped _,
          SessionEvent.MessageAccepted _,
          SessionEvent.TurnStarted _,
          SessionEvent.AgentResult _,
          SessionEvent.AgentNotice _,
          SessionEvent.ClientToolCalled _,
          SessionEvent.ClientToolClosed _,
          SessionEvent.ToolProposed _,
          SessionEvent.ToolStarted _,
          SessionEvent.ToolCompleted _,
          SessionEvent.ToolDenied _,
          SessionEvent.ToolOutcomeUnknown _,
          SessionEvent.BackgroundLost _,
          SessionEvent.ApprovalRequested _,
          SessionEvent.ApprovalAnswered _,
          SessionEvent.SandboxStarted _,
          SessionEvent.SandboxEnded _,
          SessionEvent.WorkspaceRolledBack _,
          SessionEvent.HostLost _,
          SessionEvent.Rescheduled _,
          SessionEvent.MessageSuperseded _,
          SessionEvent.SessionRestarted _,
          SessionEvent.Unrecognized _ ->
          null;
    };
  }

  /** A stream event for clients that asked for partial messages. */
  ObjectNode delta(JsonNode message) {
    return stamped((ObjectNode) message.deepCopy());
  }

  private @Nullable ObjectNode owned(@Nullable JsonNode raw) {
    return raw instanceof ObjectNode message ? stamped(message.deepCopy()) : null;
  }

  /** The session's id is one everywhere. */
  private ObjectNode stamped(ObjectNode message) {
    message.put("session_id", session.value());
    return message;
  }

  private static String subtype(StopReason reason) {
    return switch (reason) {
      case MAX_TURNS -> "error_max_turns";
      case BUDGET_EXHAUSTED -> "error_max_budget_usd";
      case STRUCTURED_OUTPUT_RETRIES -> "error_max_structured_output_retries";
      case END_TURN, REFUSAL -> "success";
      case INTERRUPTED,
          MODEL_ERROR,
          AGENT_ERROR,
          DISK_FULL,
          TIMED_OUT,
          SANDBOX_FAILED,
          RETRIES_EXHAUSTED,
          CLOSED,
          WITHDRAWN,
          UNAVAILABLE,
          TRANSCRIPT_MISSING ->
          "error_during_execution";
    };
  }

  private ObjectNode result(
      EventEnvelope event,
      String subtype,
      long durationMillis,
      long costMicrodollars,
      TokenUsage usage,
      @Nullable Problem problem) {
    var result =
        event.raw() instanceof ObjectNode raw
            ? raw.deepCopy()
            : ProtocolJson.mapper().createObjectNode();
    result.put("type", "result");
    result.put("subtype", subtype);
    if (!result.has("uuid")) {
      result.put("uuid", uuid(event));
    }
    result.put("is_error", !subtype.equals("success") || result.path("is_error").asBoolean(false));
    // Some clients cannot decode a number with a fraction here.
    integer(result, "duration_ms", durationMillis);
    integer(result, "duration_api_ms", 0);
    integer(result, "num_turns", 0);
    result.put("total_cost_usd", BigDecimal.valueOf(costMicrodollars, MICRO));
    if (!result.path("usage").isObject()) {
      result.set("usage", usage(usage));
    }
    if (problem != null) {
      result.putArray("errors").add(problem.message());
      result.put("is_error", true);
      result.put("subtype", subtype);
    } else if (!subtype.equals("success") && !result.path("errors").isArray()) {
      result.putArray("errors").add(subtype);
    }
    return stamped(result);
  }

  private static void integer(ObjectNode result, String field, long otherwise) {
    var value = result.path(field);
    result.put(field, value.isNumber() ? value.asLong(otherwise) : otherwise);
  }

  private static ObjectNode usage(TokenUsage usage) {
    return ProtocolJson.mapper()
        .createObjectNode()
        .put("input_tokens", usage.inputTokens())
        .put("output_tokens", usage.outputTokens())
        .put("cache_creation_input_tokens", usage.cacheCreationInputTokens())
        .put("cache_read_input_tokens", usage.cacheReadInputTokens());
  }

  /** The same for every reader of the event. */
  private String uuid(EventEnvelope event) {
    return UUID.nameUUIDFromBytes((session + "/" + event.id()).getBytes(UTF_8)).toString();
  }
}
