package dev.berth.activities.sandbox;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestPayloads;
import dev.berth.activities.TestRestic;
import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.HostWorkspaceActivities.ReadBack;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.RollbackNotice;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceRecords.Safe;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.objects.ObjectKeys;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.EndedCall;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.SessionEvent.TurnStarted;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import dev.berth.protocol.event.TokenUsage;
import dev.berth.workflows.ports.WorkspaceActivities;
import dev.berth.workflows.ports.WorkspaceActivities.Outcome;
import dev.berth.workflows.ports.WorkspaceActivities.SnapshotInput;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.StringNode;

/** The way of a session's files from sandbox to sandbox, over two hosts with real snapshots. */
@Timeout(120)
class WorkspacesTest {
  private static final long NO_FLOOR = 0;

  /** Does not compress well. */
  private static final String LARGE =
      Stream.generate(() -> UUID.randomUUID().toString()).limit(1000).collect(joining());

  @TempDir private static Path servers;
  private static TestDatabase database;
  private static DSLContext db;
  private static TestObjects objects;

  @TempDir private Path folder;
  private TestSession session;
  private GroupCommit log;
  private WorkspaceRecords records;
  private WorkspaceSnapshots snapshots;
  private int turns;
  private boolean running;

  @BeforeAll
  static void startServers() throws Exception {
    database = TestDatabase.start();
    db = database.dsl();
    objects = TestObjects.in(servers);
  }

  @AfterAll
  static void stopServers() throws Exception {
    objects.close();
    database.close();
  }

  @BeforeEach
  void beginASession() {
    session = TestSession.in(db);
    log = new GroupCommit(db);
    records = new WorkspaceRecords(db);
    snapshots = TestRestic.snapshots(objects);
  }

  @AfterEach
  void endTheSession() {
    log.close();
  }

  @Test
  void whatATurnLeftBehindComesToTheNextHost() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "kept");
    assertThat(snapshotAfterATurn("host-1", first)).isEqualTo(Outcome.QUIESCED);

    var second = serve("host-2", 2);

    assertThat(read("host-2", second, "notes.txt")).isEqualTo("kept");
    assertThat(rolledBack()).isEmpty();
    assertThat(records.newestFirst(session.id()).getFirst().safe().verified()).isTrue();
  }

  @Test
  void aRepeatedSnapshotAndATurnThatChangedNothingStoreNothing() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "kept");
    var turn = turn(1);
    assertThat(snapshot("host-1", first, 1, turn)).isEqualTo(Outcome.QUIESCED);
    var stored = keys();

    assertThat(snapshot("host-1", first, 1, turn)).isEqualTo(Outcome.UNCHANGED);
    assertThat(snapshotAfterATurn("host-1", first)).isEqualTo(Outcome.UNCHANGED);

    assertThat(keys()).isEqualTo(stored);
    assertThat(records.newestFirst(session.id())).hasSize(1);
  }

  @Test
  void aWorkspaceWithoutFilesHasNoStore() {
    var first = serve("host-1", 1);

    assertThat(snapshotAfterATurn("host-1", first)).isEqualTo(Outcome.UNCHANGED);
    assertThat(keys()).isEmpty();
    serve("host-2", 2);
    assertThat(rolledBack()).isEmpty();
  }

  @Test
  void turnsWhoseFilesAreLostAreToldOnce() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "kept");
    var kept = turn(1);
    snapshot("host-1", first, 1, kept);
    write("host-1", first, "notes.txt", "lost");
    turn(1);
    turn(1);

    var second = serve("host-2", 2);

    assertThat(read("host-2", second, "notes.txt")).isEqualTo("kept");
    assertThat(rolledBack())
        .singleElement()
        .satisfies(told -> {
          assertThat(told.snapshotTurnId()).isEqualTo(kept);
          assertThat(told.lostTurns()).isEqualTo(2);
        });
    assertThat(records.untold(session.id())).isEqualTo(rolledBack().getFirst());
    turn(2);
    assertThat(records.untold(session.id())).isNull();
    serve("host-2", 3);
    assertThat(rolledBack()).hasSize(1);
  }

  @Test
  void filesThatWereNeverKeptAreToldToo() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "lost");
    turn(1);

    serve("host-2", 2);

    assertThat(rolledBack()).containsExactly(new WorkspaceRolledBack(0, null, null, 1));
    assertThat(RollbackNotice.text(rolledBack().getFirst())).contains("it is empty now");
  }

  @Test
  void aHostThatHasOldFilesOfTheSessionTakesTheSnapshotInstead() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "old");
    snapshotAfterATurn("host-1", first);
    var second = serve("host-2", 2);
    write("host-2", second, "notes.txt", "new");
    snapshotAfterATurn("host-2", second);

    var third = serve("host-1", 3);

    assertThat(read("host-1", third, "notes.txt")).isEqualTo("new");
    assertThat(rolledBack()).isEmpty();
  }

  @Test
  void theSandboxBeforeOnTheSameHostHandsItsFilesOnAsTheyAre() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "kept");
    snapshotAfterATurn("host-1", first);
    write("host-1", first, "notes.txt", "newer than the snapshot");
    turn(1);

    var second = serve("host-1", 2);

    assertThat(read("host-1", second, "notes.txt")).isEqualTo("newer than the snapshot");
    assertThat(rolledBack()).isEmpty();
  }

  @Test
  void whatASupersededSandboxLeftIsNotTheSessionsState() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "late");
    var turn = turn(1);
    serve("host-2", 2);

    assertThat(snapshot("host-1", first, 1, turn)).isEqualTo(Outcome.DISCARDED);
    assertThat(records.newestFirst(session.id())).isEmpty();
  }

  @Test
  void aWorkspaceThatWasHandedToTheNextSandboxIsLeftToItsTurns() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "kept");
    var turn = turn(1);
    serve("host-1", 2);

    assertThat(snapshot("host-1", first, 1, turn)).isEqualTo(Outcome.DISCARDED);
  }

  @Test
  void whereTheNewestSnapshotIsDamagedTheOneBeforeIsRestoredAndTold() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "one");
    snapshotAfterATurn("host-1", first);
    var before = keys();
    write("host-1", first, "notes.txt", "two");
    snapshotAfterATurn("host-1", first);
    var added = keys();
    added.removeAll(before);
    objects.store().delete(added.stream().filter(key -> key.contains("/data/")).toList());

    var second = serve("host-2", 2);

    assertThat(read("host-2", second, "notes.txt")).isEqualTo("one");
    assertThat(rolledBack()).singleElement().extracting("lostTurns").isEqualTo(1);
    assertThat(rolledBack()).singleElement().extracting("unreadableSnapshots").isEqualTo(1);
  }

  @Test
  void contentThatChangedByItselfIsNotRestoredButTheSnapshotBefore() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", "one");
    snapshotAfterATurn("host-1", first);
    var before = keys();
    write("host-1", first, "notes.txt", "two");
    snapshotAfterATurn("host-1", first);
    var added = keys();
    added.removeAll(before);
    added.stream().filter(key -> key.contains("/data/")).forEach(WorkspacesTest::corrupt);

    var second = serve("host-2", 2);

    assertThat(read("host-2", second, "notes.txt")).isEqualTo("one");
    assertThat(rolledBack()).singleElement().extracting("unreadableSnapshots").isEqualTo(1);
  }

  @Test
  void contentIsReadBackNowAndThenAndMended() throws IOException {
    var first = serve("host-1", 1);
    write("host-1", first, "notes.txt", LARGE);
    assertThat(snapshotAfterATurn("host-1", first)).isEqualTo(Outcome.QUIESCED);
    assertThat(newest().readBack()).isNull();
    keys().stream().filter(WorkspacesTest::holdsContent).forEach(WorkspacesTest::corrupt);
    write("host-1", first, "more.txt", "new");

    assertThat(snapshotAfterATurn("host-1", first)).isEqualTo(Outcome.QUIESCED);

    assertThat(newest().verified()).isTrue();
    assertThat(newest().quiescedSoFar()).isEqualTo(2);
    assertThat(newest().readBack()).isEqualTo("1/1");
    var second = serve("host-2", 2);
    assertThat(read("host-2", second, "notes.txt")).isEqualTo(LARGE);
    assertThat(rolledBack()).isEmpty();
  }

  @Test
  void aSnapshotOfARunningTurnHasItsPlaceAndWhatCameAfterItIsTold() throws IOException {
    var first = serve("host-1", 1);
    var turn = begin(1);
    call("before", turn);
    write("host-1", first, "notes.txt", "so far");
    running = true;
    assertThat(snapshotRunning("host-1", first, 1, turn)).isEqualTo(Outcome.CRASH_CONSISTENT);
    var place = newest().moment().seq();
    call("after", turn);
    write("host-1", first, "notes.txt", "lost");

    var second = serve("host-2", 2);

    assertThat(place).isEqualTo(3);
    assertThat(newest().quiesced()).isFalse();
    assertThat(read("host-2", second, "notes.txt")).isEqualTo("so far");
    assertThat(rolledBack())
        .singleElement()
        .satisfies(told -> {
          assertThat(told.snapshotSeq()).isEqualTo(place);
          assertThat(told.snapshotTurnId()).isEqualTo(turn);
          assertThat(told.lostTurns()).isEqualTo(1);
          assertThat(told.lostCalls()).containsExactly(new EndedCall("after", "Bash"));
        });
    assertThat(RollbackNotice.text(rolledBack().getFirst()))
        .contains("Bash (after)")
        .doesNotContain("Bash (before)");
  }

  @Test
  void theEndOfATurnMakesSafeWhatASnapshotInItCouldNot() throws IOException {
    var first = serve("host-1", 1);
    var turn = begin(1);
    write("host-1", first, "notes.txt", "so far");
    running = true;
    snapshotRunning("host-1", first, 1, turn);
    running = false;
    end(turn, 1);

    assertThat(snapshot("host-1", first, 1, turn)).isEqualTo(Outcome.QUIESCED);
    assertThat(newest().quiesced()).isTrue();
    serve("host-2", 2);
    assertThat(rolledBack()).isEmpty();
  }

  @Test
  void aTurnThatEndedMeanwhileIsLeftToTheSnapshotOfItsEnd() throws IOException {
    var first = serve("host-1", 1);
    var turn = begin(1);
    write("host-1", first, "notes.txt", "so far");

    assertThat(snapshotRunning("host-1", first, 1, turn)).isEqualTo(Outcome.DISCARDED);
    assertThat(keys()).isEmpty();
  }

  @Test
  void theNoticeStandsBeforeTheMessageAndLeavesCommandsAlone() {
    var told = new WorkspaceRolledBack(0, null, null, 3);
    var text = StringNode.valueOf("What is in notes.txt?");
    var command = StringNode.valueOf("/compact");

    var blocks = RollbackNotice.before(text, told);

    assertThat(blocks.get(0).path("text").asString()).contains("last 3 turn(s)");
    assertThat(blocks.get(1).path("text").asString()).isEqualTo("What is in notes.txt?");
    assertThat(RollbackNotice.before(command, told)).isEqualTo(command);
  }

  /** A sandbox of the session comes up on a host, as its next epoch. */
  private SandboxId serve(String host, int epoch) {
    var sandbox = session.sandbox(host, epoch);
    var sandboxes = sandboxes(host);
    new SandboxWorkspaces(folders(host), sandboxes, records, snapshots, log, NO_FLOOR)
        .prepare(
            new Serving(PROJECT, session.id(), sandbox, epoch),
            sandboxes.earlier(session.id(), epoch));
    db.update(SANDBOXES)
        .set(SANDBOXES.CLAIMED_AT, currentOffsetDateTime())
        .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
        .execute();
    return sandbox;
  }

  private Outcome snapshotAfterATurn(String host, SandboxId sandbox) {
    var epoch =
        db.select(SESSIONS.EPOCH)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(session.uuid()))
            .fetchSingle()
            .value1();
    return snapshot(host, sandbox, epoch, turn(epoch));
  }

  private Outcome snapshot(String host, SandboxId sandbox, int epoch, TurnId turn) {
    return snapshot(host, activities -> activities.snapshot(input(sandbox, epoch, turn)).outcome());
  }

  private Outcome snapshotRunning(String host, SandboxId sandbox, int epoch, TurnId turn) {
    return snapshot(
        host, activities -> activities.snapshotRunning(input(sandbox, epoch, turn)).outcome());
  }

  private SnapshotInput input(SandboxId sandbox, int epoch, TurnId turn) {
    return new SnapshotInput(PROJECT, session.id(), sandbox, epoch, turn);
  }

  private Outcome snapshot(String host, Function<WorkspaceActivities, Outcome> taking) {
    var activities =
        new HostWorkspaceActivities(
            folders(host),
            _ -> running,
            new TurnEnds(db),
            records,
            snapshots,
            Duration.ZERO,
            5,
            new ReadBack(2, 1));
    var temporal = TestActivityEnvironment.newInstance(TestPayloads.options());
    try {
      temporal.registerActivitiesImplementations(activities);
      return taking.apply(temporal.newActivityStub(WorkspaceActivities.class));
    } finally {
      temporal.close();
    }
  }

  /** A turn begins and ends. */
  private TurnId turn(int epoch) {
    var turn = begin(epoch);
    end(turn, epoch);
    return turn;
  }

  private TurnId begin(int epoch) {
    turns++;
    var turn = new TurnId(UUID.randomUUID().toString());
    append(epoch, turn, NewEvent.of(TurnEnds.startId(turn, epoch), new TurnStarted(turns, 1)));
    return turn;
  }

  private void end(TurnId turn, int epoch) {
    append(
        epoch, turn, NewEvent.of(TurnEnds.id(turn), new TurnInterrupted(1, 0, 0, TokenUsage.NONE)));
  }

  /** A tool call that began and ended in the first epoch. */
  private void call(String id, TurnId turn) {
    append(
        1,
        turn,
        NewEvent.of(ToolJournal.id(id, "started"), new SessionEvent.ToolStarted(id, "Bash")));
    append(
        1,
        turn,
        NewEvent.of(ToolJournal.id(id, "ended"), new SessionEvent.ToolCompleted(id, false, null)));
  }

  private void append(int epoch, TurnId turn, NewEvent event) {
    EventLog.append(
        db,
        new Request(
            session.id(),
            new EventWriter.Sandbox(epoch),
            List.of(event.inTurn(turn, new MessageId(turn.value())))));
  }

  private Safe newest() {
    return records.newestFirst(session.id()).getFirst().safe();
  }

  /** Whether it is an object with a large file in it, and not a small one with names. */
  private static boolean holdsContent(String key) {
    return key.contains("/data/")
        && requireNonNull(objects.store().get(key)).length > LARGE.length() / 4;
  }

  private static void corrupt(String key) {
    var content = requireNonNull(objects.store().get(key));
    content[content.length / 3] ^= 1;
    objects.store().put(key, content, "application/octet-stream");
  }

  private List<WorkspaceRolledBack> rolledBack() {
    return EventLog.read(db, session.id(), 0, 1000).stream()
        .map(EventEnvelope::event)
        .filter(WorkspaceRolledBack.class::isInstance)
        .map(WorkspaceRolledBack.class::cast)
        .toList();
  }

  private Set<String> keys() {
    return new TreeSet<>(
        objects.store().keys(ObjectKeys.workspace(PROJECT.value(), session.id().value())));
  }

  private void write(String host, SandboxId sandbox, String file, String content)
      throws IOException {
    Files.writeString(folders(host).workspace(sandbox).resolve("project").resolve(file), content);
  }

  private String read(String host, SandboxId sandbox, String file) throws IOException {
    return Files.readString(folders(host).workspace(sandbox).resolve("project").resolve(file));
  }

  private SandboxFolders folders(String host) {
    return new SandboxFolders(folder.resolve(host), folder.resolve("sockets-" + host));
  }

  private static SandboxRecords sandboxes(String host) {
    return new SandboxRecords(db, new HostId(host), URI.create("http://" + host));
  }
}
