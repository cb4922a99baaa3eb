package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A session's log as the oracle reads it, of one message. */
final class TestLog {
  static final String MESSAGE = "m";

  private final List<JsonNode> events = new ArrayList<>();

  List<JsonNode> events() {
    return List.copyOf(events);
  }

  /** The number that the next event has. */
  long next() {
    return events.size() + 1L;
  }

  /** A command that started, with the message that tells it. */
  TestLog command(String id, String command) {
    return called(id, "Bash", json().put("command", command)).started(id, command);
  }

  TestLog called(String id, String name, JsonNode input) {
    var event = event("agent.message");
    var call = event.putObject("raw").putObject("message").putArray("content").addObject();
    call.put("type", "tool_use").put("id", id).put("name", name).set("input", input);
    return add(event);
  }

  TestLog started(String id, String inputHash) {
    add(ofCall("tool.proposed", id, json().put("input_hash", inputHash)));
    return add(ofCall("tool.started", id, json()));
  }

  TestLog completed(String id) {
    return add(ofCall("tool.completed", id, json().put("is_error", false)));
  }

  TestLog failed(String id) {
    return add(ofCall("tool.completed", id, json().put("is_error", true)));
  }

  TestLog unknown(String id) {
    return add(ofCall("tool.outcome_unknown", id, json()));
  }

  TestLog backgroundLost(String id) {
    return add(ofCall("background.lost", id, json()));
  }

  TestLog answered(String id, String text) {
    var event = event("agent.user");
    var block = event.putObject("raw").putObject("message").putArray("content").addObject();
    block.put("type", "tool_result").put("tool_use_id", id).put("content", text);
    return add(event);
  }

  TestLog noticed(ObjectNode raw) {
    var event = event("agent.notice");
    event.set("raw", raw);
    return add(event);
  }

  TestLog ended(String type) {
    return add(event(type));
  }

  static ObjectNode json() {
    return ProtocolJson.mapper().createObjectNode();
  }

  private TestLog add(JsonNode event) {
    events.add(event);
    return this;
  }

  private ObjectNode ofCall(String type, String id, ObjectNode payload) {
    var event = event(type);
    event.set("payload", payload.put("tool_use_id", id));
    return event;
  }

  private ObjectNode event(String type) {
    return json().put("seq", next()).put("type", type).put("message_id", MESSAGE);
  }
}
