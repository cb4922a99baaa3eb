package dev.berth.workflows.session;

import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.TimedWait;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The wait of one turn for parts of the platform that are away: visible, bounded, and over at once
 * when nobody wants the turn any more. Between two attempts passes a timer of the workflow, so that
 * the wait outlives every worker.
 */
final class Outage {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final SessionProgress progress;
  private final Duration patience;
  private final Supplier<Boolean> cut;
  private Duration pause = FIRST;
  private long until;
  private @Nullable PlatformPart away;

  /**
   * @param patience how long in all; zero for work that need not be done
   * @param cut whether nobody wants the turn any more
   */
  Outage(SessionProgress progress, Duration patience, Supplier<Boolean> cut) {
    this.progress = progress;
    this.patience = patience;
    this.cut = cut;
  }

  /** What follows a wait. */
  enum Then {
    TRY_AGAIN,
    GIVE_UP,
    CUT
  }

  /** Whether something was away, and the turn is not wanted any more. */
  boolean isCut() {
    return away != null && cut.get();
  }

  /** Whether the turn is not wanted any more. */
  boolean isUnwanted() {
    return cut.get();
  }

  /** Waits until another attempt is worth it. */
  Then await(PlatformPart part) {
    if (patience.isZero()) {
      return Then.GIVE_UP;
    }
    var now = Workflow.currentTimeMillis();
    if (away == null) {
      until = now + patience.toMillis();
    }
    show(part);
    var left = Duration.ofMillis(until - now);
    if (!left.isPositive()) {
      return Then.GIVE_UP;
    }
    var next = pause.compareTo(left) < 0 ? pause : left;
    pause = pause.multipliedBy(2).compareTo(LONGEST) < 0 ? pause.multipliedBy(2) : LONGEST;
    return TimedWait.await(next, "waits for " + part.wireName(), cut) ? Then.CUT : Then.TRY_AGAIN;
  }

  /** What a turn fails with that has waited in vain. */
  Problem inVain(Problem last) {
    return patience.isZero()
        ? last
        : new Problem(
            last.type(),
            "%s It was waited for, for %d min; send the message again when it is back."
                .formatted(last.message(), patience.toMinutes()),
            last.away());
  }

  private void show(PlatformPart part) {
    if (part == away) {
      return;
    }
    away = part;
    var phase = new Phase.Stalled(part);
    progress.show(phase);
    if (part != PlatformPart.DATABASE) {
      // Clients read the status there; they hear of it when the database is back by what follows.
      progress.record(
          "waits for " + part.wireName(),
          List.of(new SessionEvent.StatusChanged(phase.status(), part.wireName())));
    }
  }
}
