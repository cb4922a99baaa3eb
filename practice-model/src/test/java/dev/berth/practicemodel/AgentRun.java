package dev.berth.practicemodel;

import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** What the Agent SDK said, one JSON object for each of its messages. */
record AgentRun(List<JsonNode> messages) {

  Stream<JsonNode> ofType(String type) {
    return messages.stream().filter(message -> message.path("type").asString("").equals(type));
  }

  List<JsonNode> system(String subtype) {
    return ofType("system")
        .filter(message -> message.path("subtype").asString("").equals(subtype))
        .toList();
  }

  List<JsonNode> results() {
    return ofType("result").toList();
  }

  /** The text of the result with this number, from 0. */
  String answer(int number) {
    return results().get(number).path("result").asString("");
  }

  String answer() {
    return answer(results().size() - 1);
  }

  String sessionId() {
    return messages.stream()
        .map(message -> message.path("session_id").asString(""))
        .filter(id -> !id.isEmpty())
        .findFirst()
        .orElseThrow();
  }

  /** The commands of the Bash calls, subagents included. */
  List<String> commands() {
    return blocks("assistant", "tool_use")
        .filter(block -> block.path("name").asString("").equals("Bash"))
        .map(block -> block.path("input").path("command").asString(""))
        .toList();
  }

  List<String> toolCallIds() {
    return blocks("assistant", "tool_use").map(block -> block.path("id").asString("")).toList();
  }

  List<String> toolResults() {
    return blocks("user", "tool_result").map(block -> block.path("content").toString()).toList();
  }

  Stream<JsonNode> blocks(String messageType, String blockType) {
    return ofType(messageType)
        .map(message -> message.path("message").path("content"))
        .flatMap(content -> StreamSupport.stream(content.spliterator(), false))
        .filter(block -> block.path("type").asString("").equals(blockType));
  }
}
