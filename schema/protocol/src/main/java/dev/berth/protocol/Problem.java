package dev.berth.protocol;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * Something that went wrong, for a person and for a program.
 *
 * @param type the entry of the catalogue
 * @param message names the bad value and the remedy; shown to end users as it is, so it never holds
 *     a secret
 * @param away what does not answer, for {@link ProblemType#UNAVAILABLE} where that is known: it is
 *     worth waiting for
 */
public record Problem(ProblemType type, String message, @Nullable PlatformPart away) {
  public Problem {
    requireNonNull(type, "type");
    requireNonNull(message, "message");
  }

  public Problem(ProblemType type, String message) {
    this(type, message, null);
  }

  /** A part of the platform does not answer. */
  public static Problem away(PlatformPart part, String message) {
    return new Problem(ProblemType.UNAVAILABLE, message, part);
  }
}
