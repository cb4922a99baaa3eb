package dev.berth.api.session;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The content of a message: checked when it comes in, and cut for the log. */
final class MessageContent {
  private static final Set<String> BLOCKS =
      Set.of("text", "image", "document", "tool_use", "tool_result");

  /** A longer text is in the log by its beginning; the message itself keeps all of it. */
  private static final int LOGGED = 64 * 1024;

  private MessageContent() {}

  /**
   * Checks content as it came from a client.
   *
   * @return text, or an array of blocks
   */
  static JsonNode checked(@Nullable JsonNode content) {
    if (content == null || content.isNull() || content.isMissingNode()) {
      throw invalid("nothing", "text or an array of content blocks");
    }
    if (content.isString()) {
      if (content.asString().isBlank()) {
        throw invalid("an empty text", "text");
      }
      return content;
    }
    if (!content.isArray() || content.isEmpty()) {
      throw invalid(content.getNodeType().name(), "text or an array of content blocks");
    }
    for (var block : content) {
      var type = block.path("type").asString("");
      if (!BLOCKS.contains(type)) {
        throw invalid("a block of type '%s'".formatted(type), String.join(", ", BLOCKS));
      }
      if (type.equals("text") && !block.path("text").isString()) {
        throw invalid("a text block without text", "text");
      }
    }
    return content;
  }

  /** The content for the log: media by kind and size, long text by its beginning. */
  static JsonNode logged(JsonNode content) {
    if (content.isString()) {
      return ProtocolJson.mapper().valueToTree(cut(content.asString()));
    }
    var blocks = ProtocolJson.mapper().createArrayNode();
    for (var block : content) {
      blocks.add(logged((ObjectNode) block));
    }
    return blocks;
  }

  private static JsonNode logged(ObjectNode block) {
    var logged = block.deepCopy();
    if (block.path("text").isString()) {
      logged.put("text", cut(block.path("text").asString()));
    }
    var source = block.path("source");
    if (source.path("data").isString()) {
      var media = logged.putObject("source");
      media.put("media_type", source.path("media_type").asString(""));
      media.put("bytes", source.path("data").asString().length() * 3L / 4);
    }
    return logged;
  }

  private static String cut(String text) {
    return text.length() <= LOGGED ? text : text.substring(0, LOGGED) + "…";
  }

  private static ProblemException invalid(String found, String expectation) {
    return new ProblemException(
        ProblemType.INVALID_REQUEST,
        "Invalid message: content is %s (expected: %s)".formatted(found, expectation));
  }
}
