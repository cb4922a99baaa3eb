package dev.berth.api.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;

import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent.SessionRestarted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.StopReason;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Lets a session go on whose transcript is lost: with a fresh agent, which is told what the log
 * says of the conversation. Nothing else forgets, so nothing else may be restarted.
 */
public final class SessionRestarts {
  private final DSLContext db;

  public SessionRestarts(DSLContext db) {
    this.db = db;
  }

  /**
   * A session that goes on anew with its next message.
   *
   * @param seq number of the event that says so
   * @param repeated whether it had been restarted before, and has not worked since
   */
  public record Restarted(long seq, boolean repeated) {}

  /**
   * Restarts a session whose last turn failed with {@code transcript_missing}. A repeat changes
   * nothing and gives the same.
   *
   * @throws ProblemException {@code SESSION_CLOSED}; {@code RESTART_NOT_NEEDED} when the last turn
   *     ended in any other way
   */
  public Restarted restart(SessionRow session) {
    return db.transactionResult(tx -> restart(tx.dsl(), session.id()));
  }

  private static Restarted restart(DSLContext tx, SessionId session) {
    var closed =
        tx.select(SESSIONS.CLOSED_AT)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(UUID.fromString(session.value())))
            .forNoKeyUpdate()
            .fetchSingle()
            .value1();
    if (closed != null) {
      throw Sessions.closed(session);
    }
    var latest = latest(tx, session);
    if (latest != null && latest.event() instanceof SessionRestarted) {
      return new Restarted(latest.seq(), true);
    }
    if (latest == null
        || !(latest.event() instanceof TurnFailed failed)
        || failed.stopReason() != StopReason.TRANSCRIPT_MISSING) {
      throw new ProblemException(
          ProblemType.RESTART_NOT_NEEDED,
          "Session %s has not lost its transcript and is not restarted; send it a message."
              .formatted(session));
    }
    var event =
        new SessionRestarted(StopReason.TRANSCRIPT_MISSING, ConversationSummary.of(tx, session));
    var outcome =
        EventLog.append(
            tx,
            new Request(
                session,
                EventWriter.PLATFORM,
                List.of(NewEvent.of("restart/" + latest.seq(), event))));
    return new Restarted(((Appended) outcome).lastSeq(), false);
  }

  private static @Nullable EventEnvelope latest(DSLContext tx, SessionId session) {
    var id =
        tx.select(EVENTS.EVENT_ID)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(
                EVENTS.TYPE.in(
                    "session.restarted", "turn.completed", "turn.interrupted", "turn.failed"))
            .orderBy(EVENTS.SEQ.desc())
            .limit(1)
            .fetchOne(EVENTS.EVENT_ID);
    return id == null ? null : requireNonNull(EventLog.find(tx, session, id));
  }
}
