package dev.berth.protocol.client;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A frame from a client (client protocol, section 5). Unknown types and fields are ignored. */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "type",
    visible = true,
    defaultImpl = ClientFrame.Unrecognized.class)
public sealed interface ClientFrame {

  /** Starts or resumes a session; once per socket. */
  @JsonTypeName("init")
  record Init(@Nullable SessionOptions payload) implements ClientFrame {}

  /**
   * A message, in the Agent SDK's shape.
   *
   * @param uuid the client's id of the message, if it has one
   * @param sessionId a client's guess; the socket alone says which session is meant
   */
  @JsonTypeName("user")
  record User(
      @Nullable String uuid,
      @JsonProperty("session_id") @Nullable String sessionId,
      @Nullable Message message)
      implements ClientFrame {
    /** What was said; {@code content} is text, or an array of content blocks. */
    public record Message(@Nullable String role, @Nullable JsonNode content) {}
  }

  /** A message of the older dialect; a socket that sent one gets SDK messages wrapped. */
  @JsonTypeName("prompt")
  record Prompt(@Nullable PromptPayload payload) implements ClientFrame {
    /** What was said; {@code options} repeat those of {@code init} and are not applied again. */
    public record PromptPayload(@Nullable String message, @Nullable JsonNode options) {}
  }

  /** A message of the oldest dialect, of which two shapes are known. */
  @JsonTypeName("sdk_message")
  record SdkMessage(@Nullable SdkPayload payload) implements ClientFrame {
    public record SdkPayload(
        @Nullable String type, @Nullable JsonNode content, @Nullable JsonNode message) {}
  }

  /** The result of a tool that the client executed. */
  @JsonTypeName("tool_result")
  record ToolResult(@Nullable ToolPayload payload) implements ClientFrame {
    public record ToolPayload(@Nullable String callId, @Nullable Result result) {}

    /** Content items {@code text}, {@code image} and {@code resource}; a resource is flat. */
    public record Result(@Nullable List<JsonNode> content, @Nullable Boolean isError) {}
  }

  /** Acts on the connection or the turn: {@code close}, {@code end_input}, {@code interrupt}. */
  @JsonTypeName("control")
  record Control(@Nullable ControlPayload payload) implements ClientFrame {
    public record ControlPayload(@Nullable String action, @Nullable JsonNode data) {}
  }

  @JsonTypeName("ping")
  record Ping(@Nullable PingPayload payload) implements ClientFrame {
    /** Milliseconds since the epoch, sent back as they are. */
    public record PingPayload(@Nullable JsonNode timestamp) {}
  }

  /** A frame of a type that this server does not know; ignored. */
  record Unrecognized(@Nullable String type) implements ClientFrame {}
}
