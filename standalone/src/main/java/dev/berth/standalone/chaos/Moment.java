package dev.berth.standalone.chaos;

import java.time.Duration;

/** When a session is struck. */
sealed interface Moment {
  /** Right after so many events. */
  record Event(int number) implements Moment {}

  /** So long after the session was begun. */
  record After(Duration time) implements Moment {}
}
