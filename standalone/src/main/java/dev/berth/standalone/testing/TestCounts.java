package dev.berth.standalone.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How tests went.
 *
 * @param failures the names of those that failed, with what they said
 * @param skips the names of those that were skipped, each with its reason
 */
public record TestCounts(int passed, List<String> failures, List<String> skips) {
  public static final TestCounts NONE = new TestCounts(0, List.of(), List.of());

  private static final String CAUSED_BY = "Caused by: ";

  /** Characters of a message that are told. */
  private static final int LINE = 300;

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

  /**
   * A test that failed.
   *
   * @param said its message and stack trace; the message and its first cause are told, because the
   *     report may be gone with its machine when somebody asks
   */
  static TestCounts failing(String name, String said) {
    var lines = said.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    var message =
        lines.stream().takeWhile(line -> !isOfTheTrace(line)).collect(Collectors.joining(" "));
    var cause =
        lines.stream()
            .filter(line -> line.startsWith(CAUSED_BY))
            .reduce((_, later) -> later)
            .map(line -> "; caused by: " + line.substring(CAUSED_BY.length()))
            .orElse("");
    return failing("%s: %s%s".formatted(name, shortened(message), shortened(cause)));
  }

  private static boolean isOfTheTrace(String line) {
    return line.startsWith("at ") || line.startsWith(CAUSED_BY);
  }

  private static String shortened(String line) {
    return line.length() <= LINE ? line : line.substring(0, LINE) + "…";
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
