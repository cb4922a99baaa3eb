package dev.berth.activities.live;

import dev.berth.protocol.event.LiveFrame;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The message that the model is writing, as few stream events: consecutive deltas of one kind in
 * one block are put together, so that a joiner gets one snapshot and not every token again. Of a
 * message that is longer than any model's, which an agent may make up, nothing is kept.
 */
final class PartialMessage {
  private static final List<String> TEXTS = List.of("text", "partial_json", "thinking");

  /** Characters; 128,000 tokens have an eighth of it. */
  private static final int LONGEST = 4 * 1024 * 1024;

  private final List<LiveFrame.Delta> deltas = new ArrayList<>();
  private int size;

  List<LiveFrame.Delta> frames() {
    return List.copyOf(deltas);
  }

  void add(LiveFrame.Delta delta) {
    var event = delta.message().path("event");
    switch (event.path("type").asString("")) {
      case "message_start" -> {
        forget();
        keep(delta);
      }
      case "message_stop" -> forget();
      case "content_block_delta" -> {
        if (!deltas.isEmpty() && !joined(delta)) {
          keep(delta);
        }
      }
      default -> {
        if (!deltas.isEmpty()) {
          keep(delta);
        }
      }
    }
  }

  private void keep(LiveFrame.Delta delta) {
    deltas.add(delta);
    grow(delta.message().toString().length());
  }

  private void grow(int characters) {
    size += characters;
    if (size > LONGEST) {
      forget();
    }
  }

  private void forget() {
    deltas.clear();
    size = 0;
  }

  private boolean joined(LiveFrame.Delta delta) {
    var last = deltas.getLast();
    var before = last.message().path("event");
    var after = delta.message().path("event");
    if (!before.path("index").equals(after.path("index"))
        || !before.path("delta").path("type").equals(after.path("delta").path("type"))) {
      return false;
    }
    for (var text : TEXTS) {
      if (before.path("delta").has(text) && after.path("delta").has(text)) {
        var more = after.path("delta").path(text);
        deltas.set(deltas.size() - 1, joined(last, text, more));
        grow(more.asString("").length());
        return true;
      }
    }
    return false;
  }

  private static LiveFrame.Delta joined(LiveFrame.Delta delta, String text, JsonNode more) {
    var message = (ObjectNode) delta.message().deepCopy();
    var inner = (ObjectNode) message.path("event").path("delta");
    inner.put(text, inner.path(text).asString() + more.asString());
    return new LiveFrame.Delta(delta.epoch(), delta.attachment(), delta.turnId(), message);
  }
}
