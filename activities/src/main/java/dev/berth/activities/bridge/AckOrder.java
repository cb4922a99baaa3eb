package dev.berth.activities.bridge;

import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * Frames become durable in any order, but are acknowledged only up to the first that is not durable
 * yet.
 */
final class AckOrder {
  private final NavigableSet<Long> pending = new TreeSet<>();
  private long highest;
  private long acknowledged;

  /** A frame arrived. Frames arrive in the order of their numbers. */
  synchronized void arrived(long frame) {
    pending.add(frame);
    highest = frame;
  }

  /** A frame is durable; gives the number to acknowledge when that moved. */
  synchronized OptionalLong durable(long frame) {
    pending.remove(frame);
    var upTo = pending.isEmpty() ? highest : pending.first() - 1;
    if (upTo <= acknowledged) {
      return OptionalLong.empty();
    }
    acknowledged = upTo;
    return OptionalLong.of(upTo);
  }
}
