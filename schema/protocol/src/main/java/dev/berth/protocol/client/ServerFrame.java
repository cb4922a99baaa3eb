package dev.berth.protocol.client;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.Problem;
import dev.berth.protocol.event.LogTruncated;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A frame to a client that Berth itself makes (client protocol, section 6). Messages of the Agent
 * SDK are sent beside these, flat or wrapped, as raw JSON.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
public sealed interface ServerFrame {

  /**
   * {@code ready}, {@code session_info}, {@code interrupt}, {@code close}: clients know no other.
   */
  @JsonTypeName("control")
  record Control(ControlPayload payload) implements ServerFrame {
    public record ControlPayload(String action, @Nullable JsonNode data) {
      public ControlPayload {
        requireNonNull(action, "action");
      }
    }

    public static Control of(String action) {
      return new Control(new ControlPayload(action, null));
    }

    public static Control of(String action, JsonNode data) {
      return new Control(new ControlPayload(action, data));
    }
  }

  /** A refusal. Whether the connection ends after it is the problem's own matter. */
  @JsonTypeName("error")
  record ErrorFrame(ErrorPayload payload) implements ServerFrame {
    /** {@code code} is in upper case, {@code details.error} the code in lower case. */
    public record ErrorPayload(String message, String code, Map<String, String> details) {
      public ErrorPayload {
        requireNonNull(message, "message");
        requireNonNull(code, "code");
        details = Map.copyOf(details);
      }
    }

    public static ErrorFrame of(Problem problem) {
      return new ErrorFrame(
          new ErrorPayload(
              problem.message(),
              problem.type().category().name(),
              Map.of("error", problem.type().code())));
    }
  }

  /** Asks the client to execute a tool. */
  @JsonTypeName("tool_call")
  record ToolCall(ToolCallPayload payload) implements ServerFrame {
    /**
     * The tool's name is bare, without its server's.
     *
     * @param toolUseId operation id: names the model's call, for a tool that must not act twice
     */
    public record ToolCallPayload(
        String callId, String toolName, JsonNode input, @Nullable String toolUseId) {
      public ToolCallPayload {
        requireNonNull(callId, "callId");
        requireNonNull(toolName, "toolName");
        requireNonNull(input, "input");
      }
    }
  }

  /** A message of the Agent SDK for a socket of the older dialect. */
  @JsonTypeName("sdk_message")
  record SdkMessage(JsonNode payload) implements ServerFrame {
    public SdkMessage {
      requireNonNull(payload, "payload");
    }
  }

  /**
   * The oldest events are not kept any more: sent to a socket whose {@code after_seq} lies before
   * the first one that is.
   *
   * @param seq number of the last event that is gone: the socket's new cursor
   */
  @JsonTypeName(LogTruncated.TYPE)
  record Truncated(long seq, LogTruncated payload) implements ServerFrame {
    public Truncated {
      requireNonNull(payload, "payload");
    }
  }

  @JsonTypeName("pong")
  record Pong(PongPayload payload) implements ServerFrame {
    public record PongPayload(@Nullable JsonNode timestamp) {}
  }
}
