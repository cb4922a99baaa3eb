package dev.berth.practicemodel.answer;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Makes the plainest value that fits a JSON Schema: required properties only, first choices, {@code
 * true}, and {@code "practice"} for texts. Keywords that it does not know are not looked at.
 */
final class SchemaSample {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MAX_DEPTH = 20;
  private static final String TEXT = "practice";

  private SchemaSample() {}

  static JsonNode of(JsonNode schema) {
    return of(schema, schema, MAX_DEPTH);
  }

  private static JsonNode of(JsonNode schema, JsonNode root, int depth) {
    if (depth == 0) {
      return JSON.nullNode();
    }
    if (schema.path("$ref").isString()) {
      return of(root.at(schema.path("$ref").asString().replaceFirst("^#", "")), root, depth - 1);
    }
    for (var fixed : new String[] {"const", "default"}) {
      if (schema.has(fixed)) {
        return schema.get(fixed);
      }
    }
    for (var choice : new String[] {"enum", "examples"}) {
      if (!schema.path(choice).isEmpty()) {
        return schema.get(choice).get(0);
      }
    }
    for (var branch : new String[] {"anyOf", "oneOf", "allOf"}) {
      if (!schema.path(branch).isEmpty()) {
        return of(schema.get(branch).get(0), root, depth - 1);
      }
    }
    return ofType(schema, root, depth);
  }

  private static JsonNode ofType(JsonNode schema, JsonNode root, int depth) {
    var type = schema.path("type");
    return switch (type.isArray() ? type.path(0).asString("") : type.asString("object")) {
      case "string" -> JSON.stringNode(text(schema));
      case "integer", "number" -> JSON.numberNode(Math.max(1, schema.path("minimum").asInt(1)));
      case "boolean" -> JSON.booleanNode(true);
      case "null" -> JSON.nullNode();
      case "array" -> {
        var array = JSON.arrayNode();
        for (var i = 0; i < schema.path("minItems").asInt(0); i++) {
          array.add(of(schema.path("items"), root, depth - 1));
        }
        yield array;
      }
      default -> {
        var object = JSON.objectNode();
        for (var name : schema.path("required")) {
          object.set(
              name.asString(),
              of(schema.path("properties").path(name.asString()), root, depth - 1));
        }
        yield object;
      }
    };
  }

  private static String text(JsonNode schema) {
    var least = schema.path("minLength").asInt(0);
    return TEXT.repeat(Math.max(1, (least + TEXT.length() - 1) / TEXT.length()));
  }
}
