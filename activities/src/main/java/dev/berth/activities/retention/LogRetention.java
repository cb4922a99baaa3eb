package dev.berth.activities.retention;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.LOG_CUTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.concat;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.falseCondition;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.max;
import static org.jooq.impl.DSL.min;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.replace;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.val;

import dev.berth.db.LogCuts;
import dev.berth.protocol.SessionId;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.types.DayToSecond;
import org.jspecify.annotations.Nullable;

/**
 * Which beginning of a log is not kept: what is older than the operator keeps, up to the end of a
 * turn.
 *
 * <p>A cut never takes anything of an open turn, nor of the last one: clients come back to it, and
 * recovery reads it. Nor does it take the start of a tool call whose end is not known, or a
 * rollback of files that the model was not told of.
 */
public final class LogRetention {
  /**
   * Bridges and workflows write an event again when they do not know that it was written. That
   * takes them minutes, hours when object storage is away.
   */
  static final Duration SETTLED = Duration.ofDays(1);

  /** The most events in one transaction, but for a turn that has more. */
  private static final int BATCH = 5_000;

  private static final String STARTED = "turn.started";

  private final DSLContext db;
  private final Duration age;
  private final long events;
  private final int batch;

  /**
   * @param age see {@link RetentionProperties}
   * @param events see {@link RetentionProperties}
   */
  public LogRetention(DSLContext db, Duration age, long events) {
    this(db, age, events, BATCH);
  }

  LogRetention(DSLContext db, Duration age, long events, int batch) {
    this.db = db;
    this.age = age;
    this.events = events;
    this.batch = batch;
  }

  /** A session of whose log more is there than is kept. */
  record Candidate(SessionId session, long cutSeq, long lastSeq) {}

  /** Sessions that may have something to cut, in the order of their ids. */
  List<Candidate> candidates(@Nullable SessionId after, int limit) {
    var cut = coalesce(LOG_CUTS.CUT_SEQ, 0L);
    return db.select(SESSIONS.SESSION_ID, cut, SESSIONS.LAST_SEQ)
        .from(SESSIONS)
        .leftJoin(LOG_CUTS)
        .on(LOG_CUTS.SESSION_ID.eq(SESSIONS.SESSION_ID))
        .where(
            after == null ? SESSIONS.SESSION_ID.isNotNull() : SESSIONS.SESSION_ID.gt(uuid(after)))
        .and(
            exists(
                selectOne()
                    .from(EVENTS)
                    .where(EVENTS.SESSION_ID.eq(SESSIONS.SESSION_ID))
                    .and(EVENTS.SEQ.eq(cut.plus(1)))
                    .and(tooMuch(SESSIONS.LAST_SEQ))))
        .orderBy(SESSIONS.SESSION_ID)
        .limit(limit)
        .fetch(row ->
            new Candidate(new SessionId(row.value1().toString()), row.value2(), row.value3()));
  }

  /** Cuts a batch off the beginning; gives how many events that were. */
  int cut(Candidate of) {
    var known = LogCuts.find(db, of.session());
    var from = known == null ? 0 : known.cutSeq();
    var kept = firstToKeep(of.session());
    if (kept == null) {
      return 0;
    }
    var ends =
        EVENTS
            .SESSION_ID
            .eq(uuid(of.session()))
            .and(EVENTS.SEQ.gt(from))
            .and(EVENTS.SEQ.lt(kept))
            .and(EVENTS.TYPE.in(LogCuts.ENDS))
            .and(tooMuch(val(of.lastSeq())));
    var upTo =
        db.select(
                coalesce(max(EVENTS.SEQ), field(select(min(EVENTS.SEQ)).from(EVENTS).where(ends))))
            .from(EVENTS)
            .where(ends)
            .and(EVENTS.SEQ.le(from + batch))
            .fetchSingle()
            .value1();
    return upTo == null ? 0 : LogCuts.cut(db, of.session(), upTo);
  }

  private Condition tooMuch(Field<Long> lastSeq) {
    var old =
        age.isPositive()
            ? EVENTS.AT.lt(ago(age.compareTo(SETTLED) < 0 ? SETTLED : age))
            : falseCondition();
    return events > 0
        ? old.or(EVENTS.SEQ.le(lastSeq.minus(events)).and(EVENTS.AT.lt(ago(SETTLED))))
        : old;
  }

  /** The number from which on everything stays; null when nothing can go. */
  private @Nullable Long firstToKeep(SessionId session) {
    var lastTurn =
        db.select(MESSAGES.ACCEPTED_SEQ)
            .from(EVENTS)
            .join(MESSAGES)
            .on(
                MESSAGES.SESSION_ID.eq(EVENTS.SESSION_ID),
                MESSAGES.MESSAGE_ID.eq(EVENTS.MESSAGE_ID))
            .where(EVENTS.SESSION_ID.eq(uuid(session)))
            .and(EVENTS.TYPE.eq(STARTED))
            .orderBy(EVENTS.SEQ.desc())
            .limit(1)
            .fetchOne(MESSAGES.ACCEPTED_SEQ);
    return lastTurn == null
        ? null
        : Stream.of(lastTurn, open(session), running(session), untold(session))
            .filter(Objects::nonNull)
            .min(Long::compare)
            .orElseThrow();
  }

  /** The first message that has not ended. */
  private @Nullable Long open(SessionId session) {
    return db.select(min(MESSAGES.ACCEPTED_SEQ))
        .from(MESSAGES)
        .where(MESSAGES.SESSION_ID.eq(uuid(session)))
        .and(MESSAGES.ENDED_AT.isNull())
        .fetchSingle()
        .value1();
  }

  /** The first tool call that nothing is known of but its start. */
  private @Nullable Long running(SessionId session) {
    var started = EVENTS.as("started");
    var later = EVENTS.as("later");
    var call = replace(started.EVENT_ID, val("/started"), val(""));
    return db.select(min(started.SEQ))
        .from(started)
        .where(started.SESSION_ID.eq(uuid(session)))
        .and(started.TYPE.eq(inline("tool.started")))
        .and(
            notExists(
                selectOne()
                    .from(later)
                    .where(later.SESSION_ID.eq(started.SESSION_ID))
                    .and(
                        later.EVENT_ID.in(
                            concat(call, val("/ended")), concat(call, val("/unknown"))))))
        .fetchSingle()
        .value1();
  }

  /** A rollback of the files after which no turn has ended in order. */
  private @Nullable Long untold(SessionId session) {
    var told = EVENTS.as("told");
    return db.select(min(EVENTS.SEQ))
        .from(EVENTS)
        .where(EVENTS.SESSION_ID.eq(uuid(session)))
        .and(EVENTS.TYPE.eq("workspace.rolled_back"))
        .and(
            notExists(
                selectOne()
                    .from(told)
                    .where(told.SESSION_ID.eq(EVENTS.SESSION_ID))
                    .and(told.SEQ.gt(EVENTS.SEQ))
                    .and(told.TYPE.in("turn.completed", "turn.interrupted"))))
        .fetchSingle()
        .value1();
  }

  private static Field<OffsetDateTime> ago(Duration time) {
    return currentOffsetDateTime().minus(DayToSecond.valueOf(time));
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
