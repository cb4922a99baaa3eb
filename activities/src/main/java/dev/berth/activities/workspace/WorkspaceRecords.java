package dev.berth.activities.workspace;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static dev.berth.db.generated.Tables.WORKSPACE_SNAPSHOTS;
import static org.jooq.impl.DSL.countDistinct;

import dev.berth.activities.workspace.WorkspaceSnapshots.Moment;
import dev.berth.db.EventLog;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/** What the database says of the files of sessions that are safe, and of those that were lost. */
public final class WorkspaceRecords {
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
   */
  public record Safe(
      Moment moment,
      @Nullable SnapshotId snapshot,
      boolean quiesced,
      boolean verified,
      String fingerprint,
      long files,
      long bytes,
      long addedBytes) {

    /** The same files at the end of a later turn. */
    public Safe at(Moment later) {
      return new Safe(later, snapshot, quiesced, verified, fingerprint, files, bytes, addedBytes);
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

  /** How many turns began after that place in the log. */
  public int turnsSince(SessionId session, long seq) {
    return db.select(countDistinct(EVENTS.TURN_ID))
        .from(EVENTS)
        .where(EVENTS.SESSION_ID.eq(uuid(session)))
        .and(EVENTS.SEQ.gt(seq))
        .and(EVENTS.TYPE.eq("turn.started"))
        .fetchSingle()
        .value1();
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
            row.get(WORKSPACE_SNAPSHOTS.ADDED_BYTES)),
        row.get(WORKSPACE_SNAPSHOTS.AT).toInstant());
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
