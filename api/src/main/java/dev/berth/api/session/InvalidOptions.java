package dev.berth.api.session;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import org.jspecify.annotations.Nullable;

/** Options that cannot be used: the refusal names the option, its value and what is expected. */
final class InvalidOptions {
  private static final int SHOWN = 100;

  private InvalidOptions() {}

  static ProblemException invalid(String option, @Nullable Object value, String expectation) {
    var text = String.valueOf(value);
    var shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    return new ProblemException(
        ProblemType.INVALID_REQUEST,
        "Invalid options: %s: %s (expected: %s)".formatted(option, shown, expectation));
  }
}
