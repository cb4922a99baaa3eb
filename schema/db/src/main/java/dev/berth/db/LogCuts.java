package dev.berth.db;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.LOG_CUTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static org.jooq.impl.DSL.case_;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.val;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.LogSnapshot;
import dev.berth.protocol.event.LogTruncated;
import java.util.List;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** The beginnings of logs that are not kept any more, and what they had come to. */
public final class LogCuts {
  /** The events with which a message ends. */
  public static final List<String> ENDS =
      List.of("turn.completed", "turn.interrupted", "turn.failed", "message.withdrawn");

  private LogCuts() {}

  /** Where the session's log begins now, when its beginning is gone. */
  public static @Nullable LogTruncated find(DSLContext db, SessionId session) {
    return db.select(LOG_CUTS.CUT_SEQ, LOG_CUTS.SNAPSHOT)
        .from(LOG_CUTS)
        .where(LOG_CUTS.SESSION_ID.eq(uuid(session)))
        .fetchOne(row ->
            new LogTruncated(
                row.value1() + 1,
                ProtocolJson.mapper().readValue(row.value2().data(), LogSnapshot.class)));
  }

  /**
   * Deletes a session's events up to a number, in one transaction with the note of what they had
   * come to and of how their messages ended.
   *
   * <ul>
   *   <li>Idempotent: what is gone already is not looked at again.
   * </ul>
   *
   * @param upTo number of an event of the log; nothing of an open turn may lie before it
   * @return how many events were deleted; 0 too when somebody else cuts the log right now
   */
  public static int cut(DSLContext db, SessionId session, long upTo) {
    return db.transactionResult(tx -> {
      var known = find(tx.dsl(), session);
      var from = known == null ? 0 : known.cutSeq();
      var gone =
          EVENTS.SESSION_ID.eq(uuid(session)).and(EVENTS.SEQ.gt(from)).and(EVENTS.SEQ.le(upTo));
      if (upTo <= from) {
        return 0;
      }
      var snapshot =
          snapshot(
              tx.dsl(),
              known,
              gone.and(
                  EVENTS
                      .SEQ
                      .eq(upTo)
                      .or(EVENTS.TYPE.in(ENDS))
                      .or(EVENTS.TYPE.eq("session.status"))));
      if (!note(tx.dsl(), session, from, upTo, snapshot)) {
        return 0;
      }
      rememberEnds(tx.dsl(), gone);
      return tx.dsl().deleteFrom(EVENTS).where(gone).execute();
    });
  }

  private static LogSnapshot snapshot(
      DSLContext tx, @Nullable LogTruncated known, Condition telling) {
    var snapshot = known == null ? LogSnapshot.BEGINNING : known.snapshot();
    for (var event :
        tx.selectFrom(EVENTS).where(telling).orderBy(EVENTS.SEQ).fetch(EventLog::envelope)) {
      snapshot = snapshot.after(event);
    }
    return snapshot;
  }

  /** Gives false when the log was cut by another meanwhile. */
  private static boolean note(
      DSLContext tx, SessionId session, long from, long upTo, LogSnapshot snapshot) {
    var json = JSON.json(ProtocolJson.mapper().writeValueAsString(snapshot));
    var written =
        from == 0
            ? tx.insertInto(LOG_CUTS)
                .set(LOG_CUTS.SESSION_ID, uuid(session))
                .set(LOG_CUTS.CUT_SEQ, upTo)
                .set(LOG_CUTS.SNAPSHOT, json)
                .onConflictDoNothing()
                .execute()
            : tx.update(LOG_CUTS)
                .set(LOG_CUTS.CUT_SEQ, upTo)
                .set(LOG_CUTS.SNAPSHOT, json)
                .set(LOG_CUTS.CUT_AT, currentOffsetDateTime())
                .where(LOG_CUTS.SESSION_ID.eq(uuid(session)))
                .and(LOG_CUTS.CUT_SEQ.eq(from))
                .execute();
    return written == 1;
  }

  private static void rememberEnds(DSLContext tx, Condition gone) {
    tx.update(MESSAGES)
        .set(MESSAGES.END_SEQ, EVENTS.SEQ)
        .set(
            MESSAGES.STOP_REASON,
            case_(EVENTS.TYPE)
                .when("turn.interrupted", val("interrupted"))
                .when("message.withdrawn", val("withdrawn"))
                .else_(field("{0} ->> 'stop_reason'", String.class, EVENTS.PAYLOAD)))
        .from(EVENTS)
        .where(gone)
        .and(EVENTS.TYPE.in(ENDS))
        .and(MESSAGES.SESSION_ID.eq(EVENTS.SESSION_ID))
        .and(MESSAGES.MESSAGE_ID.eq(EVENTS.MESSAGE_ID))
        .execute();
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
