package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;

import dev.berth.db.EventLog;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.SessionRestarted;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/** What the log says of sessions whose transcript was lost, and which go on without it. */
public final class Restarts {
  private static final String RESTARTED = "session.restarted";
  private static final String COMPLETED = "turn.completed";

  private final DSLContext db;

  public Restarts(DSLContext db) {
    this.db = db;
  }

  /** Whether the session was restarted and no sandbox has begun anew since. */
  public boolean isAskedFor(SessionId session) {
    return latest(session, RESTARTED, "sandbox.started") instanceof SessionRestarted;
  }

  /** Whether the agent must have a transcript: it has completed a turn since it began. */
  public boolean mustRemember(SessionId session) {
    return latest(session, RESTARTED, COMPLETED) instanceof SessionEvent.TurnCompleted;
  }

  /** What the fresh agent was not told yet; null when there is nothing. */
  public @Nullable SessionRestarted untold(SessionId session) {
    return latest(session, RESTARTED, COMPLETED, "turn.interrupted")
            instanceof SessionRestarted restarted
        ? restarted
        : null;
  }

  private @Nullable SessionEvent latest(SessionId session, String... types) {
    var id =
        db.select(EVENTS.EVENT_ID)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(EVENTS.TYPE.in(types))
            .orderBy(EVENTS.SEQ.desc())
            .limit(1)
            .fetchOne(EVENTS.EVENT_ID);
    var envelope = id == null ? null : EventLog.find(db, session, id);
    return envelope == null ? null : envelope.event();
  }
}
