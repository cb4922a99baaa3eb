package dev.berth.api.gateway;

import dev.berth.protocol.ProtocolJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What the gateway reads of a request to the Messages API; the rest is between agent and provider.
 *
 * @param model null when the request cannot be read, or names none
 * @param maxTokens the most output that it asks for; null as with the model
 */
record ModelRequest(@Nullable String model, @Nullable Long maxTokens, long bytes) {

  /** A field that comes twice counts the last time, as in a tree of the request. */
  static ModelRequest read(byte[] body) {
    if (body.length == 0) {
      return unreadable(body);
    }
    // A request holds the whole conversation: it is read over, and not built up.
    try (var parser = ProtocolJson.mapper().createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return unreadable(body);
      }
      var model = (String) null;
      var maxTokens = (Long) null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        var value = parser.nextToken();
        if (name.equals("model")) {
          model = value == JsonToken.VALUE_STRING ? parser.getString() : null;
        } else if (name.equals("max_tokens")) {
          maxTokens = value == JsonToken.VALUE_NUMBER_INT ? whole(parser) : null;
        }
        parser.skipChildren();
      }
      return parser.nextToken() == null
          ? new ModelRequest(model, maxTokens, body.length)
          : unreadable(body);
    } catch (JacksonException notJson) {
      // Not for us to judge: the provider answers it.
      return unreadable(body);
    }
  }

  /** The model for the records; empty when the request names none. */
  String modelName() {
    return model == null ? "" : model;
  }

  private static ModelRequest unreadable(byte[] body) {
    return new ModelRequest(null, null, body.length);
  }

  private static @Nullable Long whole(JsonParser parser) {
    return switch (parser.getNumberType()) {
      case INT, LONG -> parser.getLongValue();
      case BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL -> null;
    };
  }
}
