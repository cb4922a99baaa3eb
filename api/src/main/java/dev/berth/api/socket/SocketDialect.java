package dev.berth.api.socket;

import dev.berth.protocol.ProtocolJson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The form in which a client wants the Agent SDK's messages. */
enum SocketDialect {
  /** As they are. */
  FLAT {
    @Override
    ObjectNode frame(ObjectNode message) {
      return message;
    }
  },

  /** Inside a frame of their own, and not larger than what these clients can read. */
  WRAPPED {
    @Override
    ObjectNode frame(ObjectNode message) {
      var wrapped = ProtocolJson.mapper().createObjectNode();
      wrapped.put("type", "sdk_message");
      wrapped.set("payload", message.toString().length() > MAX_FRAME ? cut(message) : message);
      return wrapped;
    }
  };

  /**
   * The WebSocket library of these clients closes at 1 MiB; text may take three bytes a character.
   */
  private static final int MAX_FRAME = 330_000;

  private static final int MAX_TEXT = 60_000;

  abstract ObjectNode frame(ObjectNode message);

  private static ObjectNode cut(ObjectNode message) {
    var copy = message.deepCopy();
    cutTexts(copy);
    return copy;
  }

  private static void cutTexts(JsonNode node) {
    switch (node) {
      case ObjectNode object -> {
        for (var field : object.properties()) {
          if (isLong(field.getValue())) {
            field.setValue(ProtocolJson.mapper().valueToTree(cut(field.getValue().asString())));
          } else {
            cutTexts(field.getValue());
          }
        }
      }
      case ArrayNode array -> {
        for (var index = 0; index < array.size(); index++) {
          if (isLong(array.get(index))) {
            array.set(index, ProtocolJson.mapper().valueToTree(cut(array.get(index).asString())));
          } else {
            cutTexts(array.get(index));
          }
        }
      }
      default -> {}
    }
  }

  private static boolean isLong(JsonNode node) {
    return node.isString() && node.asString().length() > MAX_TEXT;
  }

  private static String cut(String text) {
    return text.substring(0, MAX_TEXT)
        + "… [%d more characters]".formatted(text.length() - MAX_TEXT);
  }
}
