package dev.berth.activities.workspace;

import dev.berth.protocol.ProtocolJson;
import tools.jackson.databind.JsonNode;

/** Puts what the model is to know before a message. */
public final class Notices {
  private Notices() {}

  /**
   * The message with the notice before it, in the form in which the agent's own notices reach the
   * model. A command of the agent stays as it is, or it would not be one any more.
   */
  public static JsonNode before(JsonNode content, String notice) {
    if (content.isString() && content.asString().startsWith("/")) {
      return content;
    }
    var blocks = ProtocolJson.mapper().createArrayNode();
    blocks.addObject().put("type", "text").put("text", notice);
    if (content.isString()) {
      blocks.addObject().put("type", "text").put("text", content.asString());
    } else {
      content.forEach(blocks::add);
    }
    return blocks;
  }
}
