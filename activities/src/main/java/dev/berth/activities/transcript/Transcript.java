package dev.berth.activities.transcript;

import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * The whole transcript of a session.
 *
 * @param main its entries in order, none for a session that has not spoken
 * @param byPath the entries of subagents, by subpath
 */
public record Transcript(List<JsonNode> main, Map<String, List<JsonNode>> byPath) {
  /** Of a session that has not begun. */
  public static final Transcript EMPTY = new Transcript(List.of(), Map.of());

  public Transcript {
    main = List.copyOf(main);
    byPath = Map.copyOf(byPath);
  }

  public boolean isEmpty() {
    return main.isEmpty() && byPath.isEmpty();
  }

  public Set<String> subpaths() {
    return byPath.keySet();
  }
}
