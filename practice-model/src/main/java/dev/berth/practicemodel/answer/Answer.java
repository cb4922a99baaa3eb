package dev.berth.practicemodel.answer;

import java.time.Duration;

/** How a request is answered. */
public sealed interface Answer {

  /** With an HTTP error. */
  record Failed(int status) implements Answer {}

  /**
   * With a reply.
   *
   * @param delay before the first token
   * @param perToken between tokens
   */
  record Replied(Reply reply, Duration delay, Duration perToken, Fate fate) implements Answer {}

  /** What becomes of the reply on its way. */
  sealed interface Fate {}

  record Whole() implements Fate {}

  /** The connection is closed after so many events. */
  record CutAfter(int events) implements Fate {}

  /** Nothing more comes after so many events, and the connection is closed in the end. */
  record StalledAfter(int events, Duration duration) implements Fate {}
}
