package dev.berth.practicemodel.answer;

import java.time.Duration;

/**
 * How a request is answered.
 *
 * @param delay before the first token
 * @param perToken between tokens
 */
public record Answer(Reply reply, Duration delay, Duration perToken, Fate fate) {

  /** What becomes of the reply on its way. */
  public sealed interface Fate {}

  public record Whole() implements Fate {}

  /** It is not sent; an HTTP error is. */
  public record Refused(int status) implements Fate {}

  /** The connection is closed after so many events. */
  public record CutAfter(int events) implements Fate {}

  /** Nothing more comes after so many events, and the connection is closed in the end. */
  public record StalledAfter(int events, Duration duration) implements Fate {}
}
