package dev.berth.activities.retention;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestRestic;
import dev.berth.activities.TestSession;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceRecords.Safe;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.activities.workspace.WorkspaceSnapshots.Moment;
import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.activities.workspace.WorkspaceSnapshots.Take;
import dev.berth.db.TestDatabase;
import dev.berth.objects.ObjectKeys;
import dev.berth.protocol.TurnId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.types.DayToSecond;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ClosedWorkspacesTest {
  @TempDir private static Path folder;
  private static TestDatabase database;
  private static DSLContext db;
  private static TestObjects objects;
  private static WorkspaceRecords records;
  private static WorkspaceSnapshots snapshots;
  private static ClosedWorkspaces closed;

  @BeforeAll
  static void startServers() throws Exception {
    database = TestDatabase.start();
    db = database.dsl();
    objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
    records = new WorkspaceRecords(db);
    snapshots = TestRestic.snapshots(objects);
    closed = new ClosedWorkspaces(db, records, snapshots, Duration.ofHours(2));
  }

  @AfterAll
  static void stopServers() throws Exception {
    objects.close();
    database.close();
  }

  @Test
  void theFilesOfAClosedSessionGoAndThoseOfOthersStay() throws Exception {
    var open = withFiles();
    var justClosed = withFiles();
    close(justClosed, Duration.ofMinutes(1));
    var over = withFiles();
    close(over, Duration.ofHours(3));

    assertThat(closed.next(null, 10)).containsExactly(owner(over));
    closed.delete(owner(over));

    assertThat(keys(over)).isEmpty();
    assertThat(records.newestFirst(over.id())).isEmpty();
    assertThat(keys(open)).isNotEmpty();
    assertThat(keys(justClosed)).isNotEmpty();
    assertThat(closed.next(null, 10)).isEmpty();
  }

  @Test
  void aSessionWithoutFilesIsNotLookedAt() {
    var session = TestSession.in(db);
    close(session, Duration.ofHours(3));

    assertThat(closed.next(null, 10)).doesNotContain(owner(session));
  }

  private TestSession withFiles() throws Exception {
    var session = TestSession.in(db);
    session.sandbox("host-1", 1);
    var workspace = Files.createTempDirectory(folder, "workspace");
    Files.writeString(workspace.resolve("notes.txt"), "kept");
    var moment = new Moment(1, new TurnId(UUID.randomUUID().toString()), 1);
    var taken = snapshots.take(owner(session), new Take(workspace, moment, null, () -> true));
    records.store(session.id(), new Safe(moment, taken.id(), true, true, "f", 1, 4, 4, 1, null));
    return session;
  }

  private static void close(TestSession session, Duration ago) {
    db.update(SESSIONS)
        .set(SESSIONS.CLOSED_AT, currentOffsetDateTime().minus(DayToSecond.valueOf(ago)))
        .where(SESSIONS.SESSION_ID.eq(session.uuid()))
        .execute();
  }

  private static Owner owner(TestSession session) {
    return new Owner(PROJECT, session.id());
  }

  private static List<String> keys(TestSession session) {
    return objects.store().keys(ObjectKeys.workspace(PROJECT.value(), session.id().value()));
  }
}
