package dev.berth.practicemodel.conversation;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.stream.StreamSupport;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request of the Messages API.
 *
 * @param key names the conversation across requests: session and subagent of the Agent SDK, else
 *     derived from how the conversation began
 * @param body the request as it was sent
 */
public record MessagesRequest(ConversationKey key, Conversation conversation, JsonNode body) {
  private static final JsonMapper JSON = JsonMapper.shared();

  public MessagesRequest {
    requireNonNull(key, "key");
    requireNonNull(conversation, "conversation");
    requireNonNull(body, "body");
  }

  /**
   * @param sessionId as a header names it; the body goes before
   * @throws InvalidRequest when a field is missing or has the wrong type
   */
  public static MessagesRequest of(
      JsonNode body, Optional<String> sessionId, Optional<String> agentId) {
    if (!body.path("model").isString()) {
      throw new InvalidRequest("model: Field required");
    }
    var messages = body.path("messages");
    if (!messages.isArray() || messages.isEmpty()) {
      throw new InvalidRequest("messages: at least one message is required");
    }
    return new MessagesRequest(
        ConversationKey.of(sessionId(body).or(() -> sessionId), agentId, messages),
        Conversation.of(messages),
        body);
  }

  public String model() {
    return body.path("model").asString();
  }

  public boolean streams() {
    return body.path("stream").asBoolean(false);
  }

  /** At most so many tokens of output. */
  public int maxTokens() {
    return body.path("max_tokens").asInt(Integer.MAX_VALUE);
  }

  public boolean offersTools() {
    return !body.path("tools").isEmpty();
  }

  public Optional<JsonNode> tool(String name) {
    return StreamSupport.stream(body.path("tools").spliterator(), false)
        .filter(tool -> tool.path("name").asString("").equals(name))
        .findFirst();
  }

  /** The schema that the answer must fit, when the request names one. */
  public Optional<JsonNode> outputSchema() {
    var format = body.path("output_config").path("format");
    if (format.isMissingNode()) {
      format = body.path("output_format");
    }
    return format.path("type").asString("").equals("json_schema")
        ? Optional.of(format.path("schema"))
        : Optional.empty();
  }

  public Thinking thinking() {
    var thinking = body.path("thinking");
    if (!thinking.path("type").asString("").matches("enabled|adaptive")) {
      return Thinking.OFF;
    }
    return thinking.path("display").asString("").equals("omitted")
        ? Thinking.HIDDEN
        : Thinking.SHOWN;
  }

  /** Whether thinking blocks are asked for, and with their text. */
  public enum Thinking {
    OFF,
    HIDDEN,
    SHOWN
  }

  /** The Agent SDK sends its session in {@code metadata.user_id}, which is JSON in a string. */
  private static Optional<String> sessionId(JsonNode body) {
    try {
      var userId = JSON.readTree(body.path("metadata").path("user_id").asString("{}"));
      return userId.path("session_id").isString()
          ? Optional.of(userId.path("session_id").asString())
          : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
