package dev.berth.practicemodel.conversation;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Content of the API, which may be a text or a list of blocks, as a list of blocks. */
public final class Blocks {
  private Blocks() {}

  public static List<JsonNode> of(JsonNode content) {
    if (content.isString()) {
      var block = JsonNodeFactory.instance.objectNode();
      block.put("type", "text").put("text", content.asString());
      return List.of(block);
    }
    var blocks = new ArrayList<JsonNode>();
    content.forEach(blocks::add);
    return blocks;
  }
}
