package dev.berth.practicemodel.http;

import dev.berth.practicemodel.answer.Block;
import dev.berth.practicemodel.answer.Reply;
import dev.berth.practicemodel.tokens.TokenRule;
import dev.berth.practicemodel.tokens.Usage;
import java.io.IOException;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The events of a streamed message, in their order. */
final class ReplyEvents {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Characters of a delta; about what one reads at a time. */
  private static final int PIECE = 48;

  /** Characters of a delta when tokens come one by one. */
  private static final int TOKEN = 4;

  private final Sink sink;
  private final int piece;
  private int index;

  /** Tokens of the blocks that are complete. */
  private int sent;

  /**
   * @param oneByOne whether each token gets an event of its own
   */
  ReplyEvents(Sink sink, boolean oneByOne) {
    this.sink = sink;
    this.piece = oneByOne ? TOKEN : PIECE;
  }

  void send(Reply reply, String model, Usage usage) throws IOException {
    var start = event("message_start");
    start.set("message", MessageJson.empty(reply, model, usage.withOutput(1)));
    sink.send(start, 0);
    sink.pauseBeforeFirstToken();
    for (var block : reply.blocks()) {
      send(block);
      sent += block.tokens();
      index++;
    }
    var end = event("message_delta");
    MessageJson.stop(end.putObject("delta"), reply);
    end.set("usage", MessageJson.usage(usage.withOutput(reply.tokens())));
    sink.send(end, sent);
    sink.send(event("message_stop"), sent);
  }

  private void send(Block block) throws IOException {
    var shell = JSON.objectNode();
    switch (block) {
      case Block.Text(var text) -> {
        start(shell.put("type", "text").put("text", ""));
        deltas(text, "text_delta", "text", 0);
      }
      case Block.Thinking(var text, var signature) -> {
        start(shell.put("type", "thinking").put("thinking", "").put("signature", ""));
        deltas(text, "thinking_delta", "thinking", 0);
        delta("signature_delta", "signature", signature, block.tokens());
      }
      case Block.ToolUse(var id, var name, var input) -> {
        shell.put("type", "tool_use").put("id", id).put("name", name).putObject("input");
        start(shell);
        deltas(input.toString(), "input_json_delta", "partial_json", TokenRule.ofCall(name, ""));
      }
    }
    sink.send(event("content_block_stop").put("index", index), sent + block.tokens());
  }

  private void start(ObjectNode shell) throws IOException {
    var event = event("content_block_start").put("index", index);
    event.set("content_block", shell);
    sink.send(event, sent);
  }

  /**
   * @param before tokens of the block that its deltas do not carry
   */
  private void deltas(String text, String type, String field, int before) throws IOException {
    var bytes = 0L;
    for (var from = 0; from < text.length(); ) {
      var to = Math.min(text.length(), from + piece);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to++;
      }
      var part = text.substring(from, to);
      bytes += TokenRule.bytes(part);
      sink.pauseBeforeToken();
      delta(type, field, part, before + TokenRule.ofBytes(bytes));
      from = to;
    }
  }

  private void delta(String type, String field, String text, int tokens) throws IOException {
    var event = event("content_block_delta").put("index", index);
    event.putObject("delta").put("type", type).put(field, text);
    sink.send(event, sent + tokens);
  }

  private static ObjectNode event(String type) {
    return JSON.objectNode().put("type", type);
  }

  /** Where the events go. */
  interface Sink {
    /**
     * @param tokens of output that were sent with this event and before it
     */
    void send(ObjectNode event, int tokens) throws IOException;

    void pauseBeforeFirstToken() throws IOException;

    void pauseBeforeToken() throws IOException;
  }
}
