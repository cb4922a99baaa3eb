package dev.berth.protocol;

import static java.util.Objects.requireNonNull;

/**
 * Something that went wrong, for a person and for a program.
 *
 * @param type the entry of the catalogue
 * @param message names the bad value and the remedy; shown to end users as it is, so it never holds
 *     a secret
 */
public record Problem(ProblemType type, String message) {
  public Problem {
    requireNonNull(type, "type");
    requireNonNull(message, "message");
  }
}
