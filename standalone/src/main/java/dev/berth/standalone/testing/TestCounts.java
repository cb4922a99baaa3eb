package dev.berth.standalone.testing;

import java.util.ArrayList;
import java.util.List;

/**
 * How tests went.
 *
 * @param failures the names of those that failed
 * @param skips the names of those that were skipped, each with its reason
 */
public record TestCounts(int passed, List<String> failures, List<String> skips) {
  public static final TestCounts NONE = new TestCounts(0, List.of(), List.of());

  public TestCounts {
    failures = List.copyOf(failures);
    skips = List.copyOf(skips);
  }

  public static TestCounts passing(int passed) {
    return new TestCounts(passed, List.of(), List.of());
  }

  public static TestCounts failing(String name) {
    return new TestCounts(0, List.of(name), List.of());
  }

  public static TestCounts skipping(String name) {
    return new TestCounts(0, List.of(), List.of(name));
  }

  public int failed() {
    return failures.size();
  }

  public TestCounts plus(TestCounts other) {
    var allFailures = new ArrayList<>(failures);
    allFailures.addAll(other.failures);
    var allSkips = new ArrayList<>(skips);
    allSkips.addAll(other.skips);
    return new TestCounts(passed + other.passed, allFailures, allSkips);
  }

  @Override
  public String toString() {
    return "%d passed, %d failed, %d skipped".formatted(passed, failed(), skips.size());
  }
}
