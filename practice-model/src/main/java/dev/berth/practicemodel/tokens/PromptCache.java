package dev.berth.practicemodel.tokens;

import dev.berth.practicemodel.conversation.Digest;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Simulates the prompt cache: a prefix that was marked with {@code cache_control} counts as written
 * when it is new and as read when it was seen before.
 *
 * <ul>
 *   <li>Nothing expires by time and no prefix is too short; the least recently used are forgotten.
 *   <li>Prefixes are kept apart by model.
 * </ul>
 */
public final class PromptCache {
  private final Map<String, Boolean> seen;

  /**
   * @param capacity prefixes that are remembered
   */
  public PromptCache(int capacity) {
    seen = new RecentMap<>(capacity);
  }

  /** Accounts for the input of one request; the output is still zero. */
  public Usage account(String model, JsonNode request) {
    var segments = TokenRule.segments(request);
    var lastMark = lastMark(segments);
    if (lastMark < 0) {
      return Usage.NONE.withInput(sum(segments, 0, segments.size()));
    }
    var prefixes = prefixes(model, segments.subList(0, lastMark + 1));
    var known = remember(prefixes, segments);
    return written(segments.subList(known, lastMark + 1))
        .withRead(sum(segments, 0, known))
        .withInput(sum(segments, lastMark + 1, segments.size()));
  }

  /** Each marked place writes what stands between it and the one before. */
  private static Usage written(List<TokenRule.Segment> segments) {
    var fiveMinutes = 0;
    var oneHour = 0;
    var unmarked = 0;
    for (var segment : segments) {
      unmarked += segment.tokens();
      switch (segment.ttl()) {
        case NONE -> {}
        case FIVE_MINUTES -> {
          fiveMinutes += unmarked;
          unmarked = 0;
        }
        case ONE_HOUR -> {
          oneHour += unmarked;
          unmarked = 0;
        }
      }
    }
    return new Usage(0, fiveMinutes, oneHour, 0, 0);
  }

  /** Returns how many leading segments were known, and remembers every marked prefix. */
  private synchronized int remember(String[] prefixes, List<TokenRule.Segment> segments) {
    var known = prefixes.length;
    while (known > 0 && seen.get(prefixes[known - 1]) == null) {
      known--;
    }
    for (var i = 0; i < prefixes.length; i++) {
      if (segments.get(i).ttl() != TokenRule.Ttl.NONE) {
        seen.put(prefixes[i], true);
      }
    }
    return known;
  }

  private static String[] prefixes(String model, List<TokenRule.Segment> segments) {
    var prefixes = new String[segments.size()];
    var before = model;
    for (var i = 0; i < prefixes.length; i++) {
      before = new Digest().add(before).add(segments.get(i).canonical()).hex(16);
      prefixes[i] = before;
    }
    return prefixes;
  }

  private static int lastMark(List<TokenRule.Segment> segments) {
    for (var i = segments.size() - 1; i >= 0; i--) {
      if (segments.get(i).ttl() != TokenRule.Ttl.NONE) {
        return i;
      }
    }
    return -1;
  }

  private static int sum(List<TokenRule.Segment> segments, int from, int to) {
    return segments.subList(from, to).stream().mapToInt(TokenRule.Segment::tokens).sum();
  }
}
