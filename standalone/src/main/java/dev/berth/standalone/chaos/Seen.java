package dev.berth.standalone.chaos;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The effects, as a session's own agent read them.
 *
 * @param lines of the file, and notes of the client's own tool
 * @param at the number of the event with which the look began: what ended later may not be there
 */
record Seen(List<String> lines, long at) {
  private static final String END = "end-of-effects";

  /** What runs in the background may still write. */
  private static final String LOOK =
      "python3 -c \"import time; time.sleep(1)\"; cat effects 2> /dev/null; echo " + END;

  /** Has the agent look. */
  static final String SCRIPT = "bash " + LOOK + "\nsay done";

  Seen {
    lines = List.copyOf(lines);
  }

  /**
   * Reads it from the call's own result: what the model says of it may be in answer to something
   * else, and a turn whose end was made from the transcript has no result.
   *
   * @param message that had the agent look
   * @return null when no look came to its end
   */
  static @Nullable Seen in(List<JsonNode> events, String message) {
    var of =
        events.stream()
            .filter(event -> event.path("message_id").asString("").equals(message))
            .toList();
    return of.stream()
        .flatMap(event -> CallLog.blocks(event, "tool_use"))
        .filter(call -> call.at("/input/command").asString("").equals(LOOK))
        .map(call -> in(of, call.path("id")))
        .flatMap(Stream::ofNullable)
        .findFirst()
        .orElse(null);
  }

  Seen plus(List<String> notes) {
    return new Seen(Stream.concat(lines.stream(), notes.stream()).toList(), at);
  }

  private static @Nullable Seen in(List<JsonNode> events, JsonNode call) {
    var began =
        events.stream()
            .filter(event -> event.path("type").asString("").equals("tool.started"))
            .filter(event -> event.at("/payload/tool_use_id").equals(call))
            .findFirst();
    var read =
        events.stream()
            .flatMap(event -> CallLog.blocks(event, "tool_result"))
            .filter(result -> result.path("tool_use_id").equals(call))
            .map(result -> text(result.path("content")).lines().map(String::strip).toList())
            .filter(lines -> lines.contains(END))
            .findFirst();
    return began.isEmpty() || read.isEmpty()
        ? null
        : new Seen(
            read.get().stream()
                .takeWhile(line -> !line.equals(END))
                .filter(line -> !line.isEmpty())
                .toList(),
            began.get().path("seq").asLong());
  }

  private static String text(JsonNode content) {
    return content.isString()
        ? content.asString()
        : content
            .valueStream()
            .map(block -> block.path("text").asString(""))
            .collect(Collectors.joining("\n"));
  }
}
