package dev.berth.standalone.chaos;

import static dev.berth.standalone.chaos.EffectCall.NEVER;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the steps of tool calls in a session's log. The input of a call is in the agent's message;
 * where that one was lost, another call with the same hash of its input tells it.
 */
final class CallLog {
  private final List<JsonNode> log;
  private final Map<String, JsonNode> inputs = new HashMap<>();
  private final Map<String, JsonNode> inputsByHash = new HashMap<>();
  private final Map<String, String> hashes = new HashMap<>();
  private final Map<String, String> callsOfTasks = new HashMap<>();
  private final Map<String, Long> completed = new HashMap<>();
  private final Map<String, Long> tasksCompleted = new HashMap<>();
  private final Set<String> unknown = new HashSet<>();
  private final Set<String> cutMessages = new HashSet<>();

  CallLog(List<JsonNode> log) {
    this.log = log;
    log.forEach(this::read);
    hashes.forEach((id, hash) -> {
      if (inputs.containsKey(id)) {
        inputsByHash.put(hash, inputs.get(id));
      }
    });
  }

  List<EffectCall> started() {
    return log.stream()
        .filter(event -> event.path("type").asString("").equals("tool.started"))
        .map(this::call)
        .toList();
  }

  private EffectCall call(JsonNode started) {
    var id = id(started);
    var input = input(id);
    return new EffectCall(
        id,
        input == null ? new Effect.Untold() : Effect.of(input),
        unknown.contains(id),
        completedAt(id, input, started.path("message_id").asString("")));
  }

  private @Nullable JsonNode input(String id) {
    var told = inputs.get(id);
    return told != null ? told : inputsByHash.get(hashes.getOrDefault(id, ""));
  }

  /**
   * A call in the background ends when its task does. One of a turn that was interrupted may have
   * been cut before it did anything, and its result need not say so.
   */
  private long completedAt(String id, @Nullable JsonNode input, String message) {
    if (cutMessages.contains(message)) {
      return NEVER;
    }
    var inBackground = input != null && input.path("run_in_background").asBoolean(false);
    return (inBackground ? tasksCompleted : completed).getOrDefault(id, NEVER);
  }

  private void read(JsonNode event) {
    var payload = event.path("payload");
    switch (event.path("type").asString("")) {
      case "agent.message" ->
          blocks(event, "tool_use")
              .forEach(call -> inputs.put(call.path("id").asString(""), call.path("input")));
      case "agent.notice" -> task(event);
      case "tool.proposed" -> hashes.put(id(event), payload.path("input_hash").asString(""));
      case "tool.completed" -> {
        if (!payload.path("is_error").asBoolean(false)) {
          completed.put(id(event), seq(event));
        }
      }
      case "tool.outcome_unknown", "background.lost" -> unknown.add(id(event));
      case "turn.interrupted" -> cutMessages.add(event.path("message_id").asString(""));
      default -> {}
    }
  }

  private void task(JsonNode event) {
    var told = event.path("raw");
    var task = told.path("task_id").asString("");
    switch (told.path("subtype").asString("")) {
      case "task_started" -> callsOfTasks.put(task, told.path("tool_use_id").asString(""));
      case "task_updated" -> ended(task, told.at("/patch/status").asString(""), event);
      case "task_notification" -> ended(task, told.path("status").asString(""), event);
      default -> {}
    }
  }

  private void ended(String task, String status, JsonNode event) {
    if (status.equals("completed") && callsOfTasks.containsKey(task)) {
      tasksCompleted.putIfAbsent(callsOfTasks.get(task), seq(event));
    }
  }

  /** The blocks of that type in a message of the agent, or to it. */
  static Stream<JsonNode> blocks(JsonNode event, String type) {
    return event
        .at("/raw/message/content")
        .valueStream()
        .filter(block -> block.path("type").asString("").equals(type));
  }

  private static String id(JsonNode event) {
    return event.at("/payload/tool_use_id").asString("");
  }

  private static long seq(JsonNode event) {
    return event.path("seq").asLong();
  }
}
