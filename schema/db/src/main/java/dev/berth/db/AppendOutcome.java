package dev.berth.db;

import java.time.Instant;
import java.util.List;

/** What became of a request to append events. Nothing of a refused request is stored. */
public sealed interface AppendOutcome {
  /**
   * All events are stored, now or before.
   *
   * @param events the number of each, in the order given
   */
  record Appended(List<Numbered> events) implements AppendOutcome {
    public Appended {
      events = List.copyOf(events);
    }

    /** The highest number among them, 0 when there were none. */
    public long lastSeq() {
      return events.stream().mapToLong(Numbered::seq).max().orElse(0);
    }
  }

  /**
   * The number of an event.
   *
   * @param fresh false when an event of this id was there before
   * @param at when it was stored
   * @param epoch under which it was stored, 0 for what no sandbox caused
   */
  record Numbered(long seq, boolean fresh, Instant at, int epoch) {}

  /** The writer's epoch or attachment has been replaced: it must stop. */
  record Superseded() implements AppendOutcome {}

  record SessionMissing() implements AppendOutcome {}
}
