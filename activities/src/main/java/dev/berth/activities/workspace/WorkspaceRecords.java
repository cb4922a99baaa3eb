package dev.berth.activities.workspace;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static dev.berth.db.generated.Tables.WORKSPACE_SNAPSHOTS;
import static org.jooq.impl.DSL.countDistinct;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.replace;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.val;

import dev.berth.activities.workspace.WorkspaceSnapshots.Moment;
import dev.berth.db.EventLog;
import dev.berth.db.LogCuts;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.EndedCall;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import dev.berth.protocol.event.StopReason;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.Record1;
import org.jooq.Select;
import org.jspecify.annotations.Nullable;

/** What the database says of the files of sessions that are safe, and of those that were lost. */
public final class WorkspaceRecords {
  /** More than a person or a model would look at. */
  private static final int CALLS = 20;

  private final DSLContext db;

  public WorkspaceRecords(DSLContext db) {
    this.db = db;
  }

  /**
   * A workspace that is safe.
   *
   * @param moment the place in the session's life to which the files belong
   * @param snapshot null when the workspace was empty
   * @param verified whether the store was checked after the snapshot
   * @param quiescedSoFar how many quiesced snapshots the session has had, with this one
   * @param readBack the share of the store that was read back too, null for none
   */
  public record Safe(
      Moment moment,
      @Nullable SnapshotId snapshot,
      boolean quiesced,
      boolean verified,
      String fingerprint,
      long files,
      long bytes,
      long addedBytes,
      long quiescedSoFar,
      @Nullable String readBack) {

    /** The same files at the end of a later turn. */
    public Safe at(Moment later) {
      return new Safe(
          later,
          snapshot,
          quiesced,
          verified,
          fingerprint,
          files,
          bytes,
          addedBytes,
          quiescedSoFar,
          readBack);
    }
  }

  /** When a workspace was made safe. */
  public record Kept(Safe safe, Instant at) {}

  /** What is safe of the session's files, newest first. */
  public List<Kept> newestFirst(SessionId session) {
    return db.selectFrom(WORKSPACE_SNAPSHOTS)
        .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(uuid(session)))
        .orderBy(WORKSPACE_SNAPSHOTS.SEQ.desc())
        .fetch(WorkspaceRecords::kept);
  }

  /**
   * Remembers that the files are safe. Gives false when a newer sandbox serves the session: what an
   * older one left is not the session's state any more.
   */
  public boolean store(SessionId session, Safe safe) {
    return db.transactionResult(tx -> {
      var serves =
          tx.dsl()
              .select(SESSIONS.EPOCH)
              .from(SESSIONS)
              .where(SESSIONS.SESSION_ID.eq(uuid(session)))
              .and(SESSIONS.EPOCH.eq(safe.moment().epoch()))
              .forNoKeyUpdate()
              .fetchOne();
      if (serves == null) {
        return false;
      }
      insert(tx.dsl(), session, safe);
      var snapshot = safe.snapshot();
      tx.dsl()
          .deleteFrom(WORKSPACE_SNAPSHOTS)
          .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(uuid(session)))
          .and(WORKSPACE_SNAPSHOTS.SEQ.lt(safe.moment().seq()))
          .and(
              WORKSPACE_SNAPSHOTS.SNAPSHOT_ID.isNotDistinctFrom(
                  snapshot == null ? null : snapshot.value()))
          .execute();
      return true;
    });
  }

  /** Forgets all but the newest. */
  public void keep(SessionId session, int kept) {
    var oldest =
        db.select(WORKSPACE_SNAPSHOTS.SEQ)
            .from(WORKSPACE_SNAPSHOTS)
            .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(uuid(session)))
            .orderBy(WORKSPACE_SNAPSHOTS.SEQ.desc())
            .offset(kept - 1)
            .limit(1)
            .fetchOne(WORKSPACE_SNAPSHOTS.SEQ);
    if (oldest != null) {
      db.deleteFrom(WORKSPACE_SNAPSHOTS)
          .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(uuid(session)))
          .and(WORKSPACE_SNAPSHOTS.SEQ.lt(oldest))
          .execute();
    }
  }

  /** Forgets everything. */
  public void forget(SessionId session) {
    db.deleteFrom(WORKSPACE_SNAPSHOTS)
        .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(uuid(session)))
        .execute();
  }

  /** The place in the log where the session is now, in a turn that runs. */
  public Moment now(SessionId session, int epoch, TurnId turn) {
    var seq =
        db.select(SESSIONS.LAST_SEQ)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(uuid(session)))
            .fetchSingle()
            .value1();
    return new Moment(epoch, turn, seq);
  }

  /** How many turns ended or began after that place in the log. */
  public int turnsSince(SessionId session, long seq) {
    var kept =
        db.select(countDistinct(EVENTS.TURN_ID))
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(uuid(session)))
            .and(EVENTS.TYPE.eq("turn.started"))
            .and(EVENTS.SEQ.gt(seq).or(EVENTS.TURN_ID.in(unfinishedAt(session, seq))))
            .fetchSingle()
            .value1();
    // Those that the log does not have any more.
    return kept
        + db.fetchCount(
            MESSAGES,
            MESSAGES
                .SESSION_ID
                .eq(uuid(session))
                .and(MESSAGES.END_SEQ.gt(seq))
                .and(MESSAGES.STOP_REASON.ne(StopReason.WITHDRAWN.wireName())));
  }

  /** The turn that ran at a place in the log, if any did. */
  private static Select<Record1<UUID>> unfinishedAt(SessionId session, long seq) {
    var before = EVENTS.as("before");
    var end = EVENTS.as("end");
    return select(before.TURN_ID)
        .from(before)
        .where(before.SESSION_ID.eq(uuid(session)))
        .and(before.TYPE.eq("turn.started"))
        .and(before.SEQ.le(seq))
        .and(
            notExists(
                selectOne()
                    .from(end)
                    .where(end.SESSION_ID.eq(before.SESSION_ID))
                    .and(end.TURN_ID.eq(before.TURN_ID))
                    .and(end.TYPE.in(LogCuts.ENDS))
                    .and(end.SEQ.le(seq))));
  }

  /** The latest tool calls that ended after a place in the log, in their order. */
  public List<EndedCall> callsSince(SessionId session, long seq) {
    var ended = EVENTS.as("ended");
    var started = EVENTS.as("started");
    var name = field("{0} ->> 'name'", String.class, started.PAYLOAD);
    var call = field("{0} ->> 'tool_use_id'", String.class, started.PAYLOAD);
    return db.select(call, name)
        .from(ended)
        .join(started)
        .on(
            started.SESSION_ID.eq(ended.SESSION_ID),
            started.EVENT_ID.eq(replace(ended.EVENT_ID, val("/ended"), val("/started"))))
        .where(ended.SESSION_ID.eq(uuid(session)))
        .and(ended.SEQ.gt(seq))
        .and(ended.TYPE.eq("tool.completed"))
        .orderBy(ended.SEQ.desc())
        .limit(CALLS)
        .fetch(row -> new EndedCall(row.value1(), row.value2()))
        .reversed();
  }

  /**
   * That the files were rolled back, while no turn has ended since: the model has not been told, or
   * it may have forgotten with the turn that was cut.
   */
  public @Nullable WorkspaceRolledBack untold(SessionId session) {
    var last =
        db.select(EVENTS.EVENT_ID)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(uuid(session)))
            .and(EVENTS.TYPE.in("workspace.rolled_back", "turn.completed", "turn.interrupted"))
            .orderBy(EVENTS.SEQ.desc())
            .limit(1)
            .fetchOne(EVENTS.EVENT_ID);
    var envelope = last == null ? null : EventLog.find(db, session, last);
    return envelope != null && envelope.event() instanceof WorkspaceRolledBack told ? told : null;
  }

  private static void insert(DSLContext tx, SessionId session, Safe safe) {
    var snapshot = safe.snapshot();
    tx.insertInto(WORKSPACE_SNAPSHOTS)
        .set(WORKSPACE_SNAPSHOTS.SESSION_ID, uuid(session))
        .set(WORKSPACE_SNAPSHOTS.TURN_ID, UUID.fromString(safe.moment().turn().value()))
        .set(WORKSPACE_SNAPSHOTS.SEQ, safe.moment().seq())
        .set(WORKSPACE_SNAPSHOTS.EPOCH, safe.moment().epoch())
        .set(WORKSPACE_SNAPSHOTS.SNAPSHOT_ID, snapshot == null ? null : snapshot.value())
        .set(WORKSPACE_SNAPSHOTS.QUIESCED, safe.quiesced())
        .set(WORKSPACE_SNAPSHOTS.VERIFIED, safe.verified())
        .set(WORKSPACE_SNAPSHOTS.FINGERPRINT, safe.fingerprint())
        .set(WORKSPACE_SNAPSHOTS.FILES, safe.files())
        .set(WORKSPACE_SNAPSHOTS.BYTES, safe.bytes())
        .set(WORKSPACE_SNAPSHOTS.ADDED_BYTES, safe.addedBytes())
        .set(WORKSPACE_SNAPSHOTS.QUIESCED_SO_FAR, safe.quiescedSoFar())
        .set(WORKSPACE_SNAPSHOTS.READ_BACK, safe.readBack())
        .onConflictDoNothing()
        .execute();
  }

  private static Kept kept(Record row) {
    var snapshot = row.get(WORKSPACE_SNAPSHOTS.SNAPSHOT_ID);
    return new Kept(
        new Safe(
            new Moment(
                row.get(WORKSPACE_SNAPSHOTS.EPOCH),
                new TurnId(row.get(WORKSPACE_SNAPSHOTS.TURN_ID).toString()),
                row.get(WORKSPACE_SNAPSHOTS.SEQ)),
            snapshot == null ? null : new SnapshotId(snapshot),
            row.get(WORKSPACE_SNAPSHOTS.QUIESCED),
            row.get(WORKSPACE_SNAPSHOTS.VERIFIED),
            row.get(WORKSPACE_SNAPSHOTS.FINGERPRINT),
            row.get(WORKSPACE_SNAPSHOTS.FILES),
            row.get(WORKSPACE_SNAPSHOTS.BYTES),
            row.get(WORKSPACE_SNAPSHOTS.ADDED_BYTES),
            row.get(WORKSPACE_SNAPSHOTS.QUIESCED_SO_FAR),
            row.get(WORKSPACE_SNAPSHOTS.READ_BACK)),
        row.get(WORKSPACE_SNAPSHOTS.AT).toInstant());
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
