package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.tokens.RecentMap;
import java.util.Map;

/**
 * Counts how often a spoiled answer was asked for: the only memory that answers depend on. It is
 * lost at a restart, and the place that was not used for longest is forgotten first.
 */
final class Attempts {
  private static final int CAPACITY = 10_000;

  private final Map<String, Integer> attempts = new RecentMap<>(CAPACITY);

  /** The number of this attempt, from 0. */
  synchronized int next(String place) {
    return attempts.merge(place, 1, Integer::sum) - 1;
  }
}
