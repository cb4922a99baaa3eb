package dev.berth.activities.retention;

import static dev.berth.db.generated.Tables.SESSIONS;
import static dev.berth.db.generated.Tables.WORKSPACE_SNAPSHOTS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.selectOne;

import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.types.DayToSecond;
import org.jspecify.annotations.Nullable;

/** The files of sessions that are closed for good, where object storage still has them. */
public final class ClosedWorkspaces {
  private final DSLContext db;
  private final WorkspaceRecords records;
  private final WorkspaceSnapshots snapshots;
  private final Duration grace;

  /**
   * @param grace from the close to the deletion; longer than a snapshot takes, because one may be
   *     under way
   */
  public ClosedWorkspaces(
      DSLContext db, WorkspaceRecords records, WorkspaceSnapshots snapshots, Duration grace) {
    this.db = db;
    this.records = records;
    this.snapshots = snapshots;
    this.grace = grace;
  }

  /** The next sessions whose files can go, in the order of their ids. */
  List<Owner> next(@Nullable SessionId after, int limit) {
    return db.select(SESSIONS.PROJECT_ID, SESSIONS.SESSION_ID)
        .from(SESSIONS)
        .where(SESSIONS.CLOSED_AT.lt(currentOffsetDateTime().minus(DayToSecond.valueOf(grace))))
        .and(
            exists(
                selectOne()
                    .from(WORKSPACE_SNAPSHOTS)
                    .where(WORKSPACE_SNAPSHOTS.SESSION_ID.eq(SESSIONS.SESSION_ID))))
        .and(after == null ? SESSIONS.SESSION_ID.isNotNull() : SESSIONS.SESSION_ID.gt(uuid(after)))
        .orderBy(SESSIONS.SESSION_ID)
        .limit(limit)
        .fetch(
            row -> new Owner(new ProjectId(row.value1()), new SessionId(row.value2().toString())));
  }

  /** Deletes them; the rows last, so that what fails is found again. */
  void delete(Owner owner) {
    snapshots.delete(owner);
    records.forget(owner.session());
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
