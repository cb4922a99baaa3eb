package dev.berth.workflows.session;

import static java.util.Objects.requireNonNullElse;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The times and bounds of a session. They come with its input, because a workflow reads no
 * configuration.
 *
 * @param idle nothing to do for this long: the sandbox goes, the session stays
 * @param completionLinger how long a completed session keeps its sandbox, for a client that returns
 * @param retention a session without a sandbox is closed after this
 * @param turn the longest turn
 * @param turnHeartbeat a worker that says nothing for this long has lost its turn
 * @param hostAnswer a host that does not take up work in this time is taken for lost
 * @param start the longest start of a sandbox
 * @param interruptGrace how long an agent may take to end its turn when asked to
 * @param startAttempts how often a sandbox is started before the turn fails
 * @param turnAttempts how many sandboxes a turn may lose
 * @param outage how long a turn waits for a part of the platform that is away; a session that began
 *     before there was such a time gets the default
 * @param background how long work in the background keeps the sandbox of a session that is idle, or
 *     completed; absent in sessions of an earlier release, for two hours
 * @param firstSnapshot how long a turn runs until its files are made safe while it goes on; the
 *     next time after twice as long, and so on, up to fifteen times; absent for a minute
 */
public record SessionPolicy(
    Duration idle,
    Duration completionLinger,
    Duration retention,
    Duration turn,
    Duration turnHeartbeat,
    Duration hostAnswer,
    Duration start,
    Duration interruptGrace,
    int startAttempts,
    int turnAttempts,
    Duration outage,
    Duration background,
    @Nullable Duration firstSnapshot) {
  private static final Duration OUTAGE = Duration.ofMinutes(15);
  private static final Duration BACKGROUND = Duration.ofHours(2);

  private static final Duration FIRST_SNAPSHOT = Duration.ofMinutes(1);

  public static final SessionPolicy DEFAULT =
      new SessionPolicy(
          Duration.ofMinutes(30),
          Duration.ofSeconds(30),
          Duration.ofDays(30),
          Duration.ofHours(6),
          Duration.ofSeconds(12),
          Duration.ofSeconds(20),
          Duration.ofMinutes(2),
          Duration.ofSeconds(10),
          3,
          5,
          OUTAGE,
          BACKGROUND,
          FIRST_SNAPSHOT);

  // The input of a session that began earlier has no such time, and the decoder then gives null.
  public SessionPolicy {
    outage = requireNonNullElse(outage, OUTAGE);
    requirePositive("outage", outage);
    background = requireNonNullElse(background, BACKGROUND);
    requirePositive("idle", idle);
    requirePositive("completionLinger", completionLinger);
    requirePositive("retention", retention);
    requirePositive("turn", turn);
    requirePositive("turnHeartbeat", turnHeartbeat);
    requirePositive("hostAnswer", hostAnswer);
    requirePositive("start", start);
    requirePositive("interruptGrace", interruptGrace);
    requirePositive("startAttempts", startAttempts);
    requirePositive("turnAttempts", turnAttempts);
    requirePositive("background", background);
    if (firstSnapshot != null) {
      requirePositive("firstSnapshot", firstSnapshot);
    }
  }

  /** The default one, with the times that an operator sets for api and worker alike. */
  public static SessionPolicy withTimes(
      Duration idle,
      Duration completionLinger,
      Duration outage,
      Duration background,
      Duration firstSnapshot) {
    return new SessionPolicy(
        idle,
        completionLinger,
        DEFAULT.retention,
        DEFAULT.turn,
        DEFAULT.turnHeartbeat,
        DEFAULT.hostAnswer,
        DEFAULT.start,
        DEFAULT.interruptGrace,
        DEFAULT.startAttempts,
        DEFAULT.turnAttempts,
        outage,
        background,
        firstSnapshot);
  }

  /** How long a turn runs until its files are made safe for the first time. */
  public Duration snapshotInTurn() {
    return firstSnapshot == null ? FIRST_SNAPSHOT : firstSnapshot;
  }

  private static void requirePositive(String name, Duration value) {
    if (value == null || !value.isPositive()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }

  private static void requirePositive(String name, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }
}
