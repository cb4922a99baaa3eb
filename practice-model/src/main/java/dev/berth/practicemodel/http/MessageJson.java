package dev.berth.practicemodel.http;

import dev.berth.practicemodel.answer.Block;
import dev.berth.practicemodel.answer.Reply;
import dev.berth.practicemodel.tokens.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A message in the shape of the API. */
final class MessageJson {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private MessageJson() {}

  static ObjectNode whole(Reply reply, String model, Usage usage) {
    var message = empty(reply, model, usage);
    var content = message.putArray("content");
    reply.blocks().forEach(block -> content.add(block(block)));
    stop(message, reply);
    return message;
  }

  /** As a stream begins: without content and without an end. */
  static ObjectNode empty(Reply reply, String model, Usage usage) {
    var message = JSON.objectNode();
    message.put("id", reply.id()).put("type", "message").put("role", "assistant");
    message.put("model", model).putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    message.set("usage", usage(usage));
    return message;
  }

  static void stop(ObjectNode target, Reply reply) {
    target.put("stop_reason", reply.stop().wireName());
    reply
        .stopSequence()
        .ifPresentOrElse(
            sequence -> target.put("stop_sequence", sequence),
            () -> target.putNull("stop_sequence"));
  }

  static JsonNode usage(Usage usage) {
    var json = JSON.objectNode();
    json.put("input_tokens", usage.input());
    json.put("cache_creation_input_tokens", usage.cacheWrite());
    json.put("cache_read_input_tokens", usage.cacheRead());
    json.putObject("cache_creation")
        .put("ephemeral_5m_input_tokens", usage.cacheWrite5m())
        .put("ephemeral_1h_input_tokens", usage.cacheWrite1h());
    return json.put("output_tokens", usage.output()).put("service_tier", "standard");
  }

  private static JsonNode block(Block block) {
    var json = JSON.objectNode();
    switch (block) {
      case Block.Text(var text) -> json.put("type", "text").put("text", text);
      case Block.Thinking(var text, var signature) ->
          json.put("type", "thinking").put("thinking", text).put("signature", signature);
      case Block.ToolUse(var id, var name, var input) ->
          json.put("type", "tool_use").put("id", id).put("name", name).set("input", input);
    }
    return json;
  }
}
