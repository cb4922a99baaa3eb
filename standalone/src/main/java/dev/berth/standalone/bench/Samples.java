package dev.berth.standalone.bench;

import java.util.ArrayList;
import java.util.List;

/** Durations of one kind, in milliseconds. Few enough to keep each: no histogram rounds them. */
final class Samples {
  private final List<Double> values = new ArrayList<>();

  synchronized void add(double millis) {
    values.add(millis);
  }

  /** What was added so far, in short. */
  synchronized Summary summary() {
    if (values.isEmpty()) {
      throw new IllegalStateException("nothing was measured");
    }
    var sorted = values.stream().sorted().toList();
    return new Summary(
        sorted.size(), quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.getLast());
  }

  /** By nearest rank: a value that was really measured. */
  private static double quantile(List<Double> sorted, double share) {
    return sorted.get((int) Math.ceil(share * sorted.size()) - 1);
  }

  /** All in milliseconds but for the count. */
  record Summary(int samples, double median, double p99, double max) {}
}
