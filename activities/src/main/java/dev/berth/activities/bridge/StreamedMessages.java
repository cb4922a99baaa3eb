package dev.berth.activities.bridge;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The messages that the model is writing: one of the agent, and one of each of its subagents. When
 * the provider cuts one off, the Agent SDK asks again, and another message begins in its place.
 */
final class StreamedMessages {
  /** By the tool call that a subagent belongs to; the agent itself has none. */
  private final Map<String, String> open = new HashMap<>();

  /**
   * Sees a delta.
   *
   * @return the id of the message that is void since another one began in its place
   */
  @Nullable String observe(JsonNode message) {
    var event = message.path("event");
    var writer = message.path("parent_tool_use_id").asString("");
    return switch (event.path("type").asString("")) {
      case "message_start" -> {
        var begun = event.path("message").path("id").asString("");
        var before = open.put(writer, begun);
        yield before == null || before.equals(begun) ? null : before;
      }
      case "message_stop" -> {
        open.remove(writer);
        yield null;
      }
      default -> null;
    };
  }
}
