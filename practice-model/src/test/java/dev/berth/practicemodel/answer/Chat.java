package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.MessagesRequest;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A conversation with the model, kept as an agent keeps it. */
final class Chat {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final ScriptedModel model;
  private final ObjectNode body = JSON.createObjectNode();

  Chat(ScriptedModel model) {
    this.model = model;
    body.put("model", "m").put("max_tokens", 100_000).putArray("messages");
    offer("Bash", "{}");
  }

  Chat set(String field, String json) {
    body.set(field, JSON.readTree(json));
    return this;
  }

  Chat offer(String tool, String schema) {
    body.withArray("tools")
        .addObject()
        .put("name", tool)
        .set("input_schema", JSON.readTree(schema));
    return this;
  }

  Chat withoutTools() {
    body.remove("tools");
    return this;
  }

  Chat user(String text) {
    messages().addObject().put("role", "user").put("content", text);
    return this;
  }

  Chat system(String text) {
    messages().addObject().put("role", "system").put("content", text);
    return this;
  }

  Chat forget() {
    messages().removeAll();
    return this;
  }

  /** Asks without keeping the answer. */
  Answer ask() {
    return model.answer(MessagesRequest.of(body, Optional.empty(), Optional.empty()));
  }

  Reply reply() {
    return ask().reply();
  }

  String text() {
    return texts(reply());
  }

  /** Keeps an answer as the agent would, with so many of its blocks. */
  Chat keep(Reply reply, int blocks) {
    var content = messages().addObject().put("role", "assistant").putArray("content");
    for (var block : reply.blocks().subList(0, blocks)) {
      switch (block) {
        case Block.Text(var text) -> content.addObject().put("type", "text").put("text", text);
        case Block.Thinking(var text, var signature) ->
            content.addObject().put("type", "thinking").put("thinking", text);
        case Block.ToolUse(var id, var name, var input) ->
            content
                .addObject()
                .put("type", "tool_use")
                .put("id", id)
                .put("name", name)
                .set("input", input);
      }
    }
    return this;
  }

  /** Asks, keeps the answer, and answers its calls with these results. */
  Chat step(String... results) {
    var reply = reply();
    keep(reply, reply.blocks().size());
    return results.length == 0 ? this : results(reply, results);
  }

  Chat results(Reply reply, String... results) {
    var content = messages().addObject().put("role", "user").putArray("content");
    var calls = calls(reply);
    for (var i = 0; i < results.length; i++) {
      content
          .addObject()
          .put("type", "tool_result")
          .put("tool_use_id", calls.get(i).id())
          .put("content", results[i]);
    }
    return this;
  }

  static List<Block.ToolUse> calls(Reply reply) {
    return reply.blocks().stream()
        .filter(Block.ToolUse.class::isInstance)
        .map(Block.ToolUse.class::cast)
        .toList();
  }

  static List<String> commands(Reply reply) {
    return calls(reply).stream().map(call -> call.input().path("command").asString("")).toList();
  }

  static String texts(Reply reply) {
    var texts = new StringBuilder();
    for (var block : reply.blocks()) {
      if (block instanceof Block.Text(var text)) {
        texts.append(text);
      }
    }
    return texts.toString();
  }

  private ArrayNode messages() {
    return body.withArray("messages");
  }
}
