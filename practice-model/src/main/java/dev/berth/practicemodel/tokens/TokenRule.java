package dev.berth.practicemodel.tokens;

import dev.berth.practicemodel.conversation.Blocks;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How many tokens something counts.
 *
 * <ul>
 *   <li>A text: its UTF-8 bytes divided by four, rounded up.
 *   <li>A tool call: {@value #OVERHEAD} and its name and its input as compact JSON.
 *   <li>Anything else of a request, such as a tool, a tool result or an image: {@value #OVERHEAD}
 *       and its compact JSON.
 *   <li>A message: {@value #OVERHEAD} and its blocks.
 *   <li>Not counted: {@code cache_control}, and the line in the system prompt that the Agent SDK
 *       sends for its own billing.
 * </ul>
 */
public final class TokenRule {
  private static final int BYTES_PER_TOKEN = 4;
  private static final int OVERHEAD = 4;
  private static final String BILLING_LINE = "x-anthropic-billing-header:";

  private TokenRule() {}

  public static int ofText(String text) {
    return ofBytes(bytes(text));
  }

  public static int ofBytes(long bytes) {
    return (int) ((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
  }

  /** How long the text is in UTF-8. */
  public static long bytes(String text) {
    var length = 0L;
    for (var i = 0; i < text.length(); i++) {
      length += bytes(text.charAt(i));
    }
    return length;
  }

  /** The longest beginning of a text that is no more than so many tokens. */
  public static String beginning(String text, int tokens) {
    var left = (long) tokens * BYTES_PER_TOKEN;
    var end = 0;
    while (end < text.length() && left >= bytes(text.charAt(end))) {
      left -= bytes(text.charAt(end));
      end++;
    }
    return end > 0 && Character.isHighSurrogate(text.charAt(end - 1))
        ? text.substring(0, end - 1)
        : text.substring(0, end);
  }

  public static int ofCall(String name, String inputJson) {
    return OVERHEAD + ofText(name) + ofText(inputJson);
  }

  /** A text of exactly so many tokens. */
  public static String filler(int tokens) {
    return "lorem ipsum dolo"
        .repeat(tokens / BYTES_PER_TOKEN + 1)
        .substring(0, tokens * BYTES_PER_TOKEN);
  }

  /** The request in the order in which a prompt cache reads it: tools, system, messages. */
  public static List<Segment> segments(JsonNode request) {
    var segments = new ArrayList<Segment>();
    for (var tool : request.path("tools")) {
      segments.add(segment("tool", 0, tool));
    }
    for (var block : Blocks.of(request.path("system"))) {
      if (!block.path("text").asString("").startsWith(BILLING_LINE)) {
        segments.add(segment("system", 0, block));
      }
    }
    for (var message : request.path("messages")) {
      var overhead = OVERHEAD;
      for (var block : Blocks.of(message.path("content"))) {
        segments.add(segment(message.path("role").asString(""), overhead, block));
        overhead = 0;
      }
    }
    return segments;
  }

  public static int ofRequest(JsonNode request) {
    return segments(request).stream().mapToInt(Segment::tokens).sum();
  }

  private static Segment segment(String where, int overhead, JsonNode block) {
    var mark = block.path("cache_control");
    var ttl = mark.isObject() ? Ttl.of(mark.path("ttl").asString("5m")) : Ttl.NONE;
    var bare = ttl == Ttl.NONE && !mark.isNull() ? block : withoutMark(block);
    var canonical = bare.toString();
    return new Segment(where + canonical, overhead + tokens(bare, canonical), ttl);
  }

  private static int tokens(JsonNode block, String canonical) {
    return switch (block.path("type").asString("")) {
      case "text" -> ofText(block.path("text").asString(""));
      case "thinking" -> ofText(block.path("thinking").asString(""));
      case "tool_use" -> ofCall(block.path("name").asString(""), block.path("input").toString());
      default -> OVERHEAD + ofText(canonical);
    };
  }

  private static JsonNode withoutMark(JsonNode block) {
    return block instanceof ObjectNode object ? object.deepCopy().without("cache_control") : block;
  }

  /** Half of a pair counts half of its four bytes. */
  private static int bytes(char c) {
    if (c < 0x80) {
      return 1;
    }
    return c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
  }

  /**
   * A part of a request between two places where a cached prefix may end.
   *
   * @param ttl of the mark that it ends with
   */
  public record Segment(String canonical, int tokens, Ttl ttl) {}

  /** How long a marked prefix is cached; the simulation only counts the two apart. */
  public enum Ttl {
    NONE,
    FIVE_MINUTES,
    ONE_HOUR;

    static Ttl of(String wire) {
      return wire.equals("1h") ? ONE_HOUR : FIVE_MINUTES;
    }
  }
}
