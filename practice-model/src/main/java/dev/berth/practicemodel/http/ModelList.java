package dev.berth.practicemodel.http;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The models that are listed. Any other name is answered all the same. */
final class ModelList {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<String> NAMES =
      List.of("claude-opus-5-5", "claude-sonnet-5", "claude-haiku-4-5");

  private ModelList() {}

  static JsonNode all() {
    var list = JSON.objectNode();
    var data = list.putArray("data");
    NAMES.forEach(name -> data.add(model(name)));
    list.put("first_id", NAMES.getFirst()).put("last_id", NAMES.getLast());
    return list.put("has_more", false);
  }

  static ObjectNode model(String name) {
    return JSON.objectNode()
        .put("type", "model")
        .put("id", name)
        .put("display_name", name + " (practice model)")
        .put("created_at", "2026-01-01T00:00:00Z");
  }
}
