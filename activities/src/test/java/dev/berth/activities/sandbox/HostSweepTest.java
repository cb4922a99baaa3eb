package dev.berth.activities.sandbox;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestSession;
import dev.berth.activities.model.HttpDoors;
import dev.berth.activities.model.LostModelRequests;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.BoundedCalls;
import dev.berth.activities.session.LostSockets;
import dev.berth.activities.session.UnannouncedMessages;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.SandboxEnded;
import dev.berth.workflows.ports.HostActivities.SweepInput;
import dev.berth.workflows.ports.HostActivities.SweepResult;
import dev.berth.workflows.session.SessionPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.testing.TestWorkflowEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostSweepTest {
  private static final HostId HOST = new HostId("host-1");
  private static final Duration LONG_AGO = Duration.ofDays(1);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** A test that does something before a bridge is taken for silent is done with it by then. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  @TempDir private static Path folder;
  private static TestDatabase database;
  private static DSLContext db;
  private static TestObjects objects;
  private static TestWorkflowEnvironment temporal;
  private static HttpDoors doors;
  private static BoundedCalls calls;

  private final TestContainers containers = new TestContainers();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SandboxFolders folders =
      new SandboxFolders(folder.resolve("workspaces"), folder.resolve("s"));
  private final AtomicInteger present = new AtomicInteger();
  private SandboxRecords records;
  private GroupCommit log;
  private HostSandboxes sandboxes;
  private HostSweep sweep;

  @BeforeAll
  static void startServers() throws Exception {
    database = TestDatabase.start();
    db = database.dsl();
    objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
    temporal = TestWorkflowEnvironment.newInstance();
    doors = TestHost.doors();
    calls = new BoundedCalls();
  }

  @AfterAll
  static void stopServers() throws Exception {
    doors.close();
    calls.close();
    temporal.close();
    objects.close();
    database.close();
  }

  @BeforeEach
  void beginAHost() {
    beginAHost(Duration.ofSeconds(30));
  }

  private void beginAHost(Duration silence) {
    db.deleteFrom(SANDBOXES).execute();
    // What another test left would have no owner now.
    folders.folders().forEach(folders::remove);
    folders.doors().forEach(folders::remove);
    var host = new TestHost(HOST, folder, db, objects, temporal, doors, containers, silence);
    records = host.records();
    log = host.log();
    sandboxes = host.sandboxes();
    sweep =
        new HostSweep(
            containers,
            records,
            sandboxes,
            present::incrementAndGet,
            new LeftByOthers(
                new LostModelRequests(db),
                new UnannouncedMessages(
                    db, temporal.getWorkflowClient(), SessionPolicy.DEFAULT, calls),
                new LostSockets(db, temporal.getWorkflowClient(), calls)),
            new FolderSweep(folders, records),
            new HostMetrics(meters));
  }

  @AfterEach
  void endTheHost() {
    log.close();
  }

  @Test
  void aHostThatIsInOrderIsLeftAsItIsAndSaysThatItIsThere() {
    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(present).hasValue(1);
  }

  @Test
  void aContainerThatNoSessionClaimsIsRemoved() {
    var unknown = new SandboxId("sb-0123456789abcdef");
    containers.all.put(unknown, new SandboxInspection.Running());

    assertThat(sweep()).isEqualTo(new SweepResult(1, 0, 0, 0));
    assertThat(containers.all).isEmpty();
  }

  @Test
  void aModelRequestThatNobodyWillAccountForIsSettled() {
    var session = TestSession.in(db);
    var request = session.modelRequest(1, LONG_AGO);

    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));

    assertThat(db.fetchExists(LEDGER, LEDGER.ENTRY_ID.eq(request))).isTrue();
  }

  @Test
  void aContainerOfAReplacedEpochIsRemoved() {
    var session = TestSession.in(db);
    var replaced = session.sandbox(HOST.value(), 1);
    session.sandbox("host-2", 2);
    containers.all.put(replaced, new SandboxInspection.Running());

    assertThat(sweep()).isEqualTo(new SweepResult(1, 0, 0, 0));
    assertThat(containers.all).isEmpty();
    assertThat(endReason(replaced)).isEqualTo("orphaned");
  }

  @Test
  void aSandboxThatNeverCameUpEndsWhenItsSessionHasAnotherOneOrIsClosed() {
    var session = TestSession.in(db);
    var replaced = session.sandbox(HOST.value(), 1);
    var starting = session.sandbox(HOST.value(), 2);
    var closed = TestSession.in(db);
    var ofClosed = closed.sandbox(HOST.value(), 1);
    db.update(SESSIONS)
        .set(SESSIONS.CLOSED_AT, currentOffsetDateTime())
        .where(SESSIONS.SESSION_ID.eq(closed.uuid()))
        .execute();

    sweep();

    assertThat(endReason(replaced)).isEqualTo("start_failed");
    assertThat(endReason(ofClosed)).isEqualTo("start_failed");
    assertThat(endReason(starting)).isNull();
  }

  @Test
  void aSandboxThatShouldRunAndDoesNotIsToldToItsSession() {
    var session = TestSession.in(db);
    var lost = claimed(session);

    assertThat(sweep()).isEqualTo(new SweepResult(0, 1, 0, 0));

    assertThat(endReason(lost)).isEqualTo("killed");
    log.close();
    assertThat(events(session))
        .extracting(EventEnvelope::event)
        .containsExactly(
            new SandboxEnded(lost, SandboxEndReason.KILLED, "ended while no worker watched", null));
  }

  @Test
  void aSandboxThatEndedUnseenIsToldWithItsReasonAndRemoved() {
    var session = TestSession.in(db);
    var ended = claimed(session);
    containers.all.put(
        ended, new SandboxInspection.Ended(SandboxEndReason.OOM_KILLED, "exit code 137"));

    sweep();

    assertThat(containers.all).isEmpty();
    assertThat(endReason(ended)).isEqualTo("oom_killed");
    log.close();
    assertThat(events(session))
        .extracting(EventEnvelope::event)
        .containsExactly(
            new SandboxEnded(ended, SandboxEndReason.OOM_KILLED, "exit code 137", null));
  }

  @Test
  void anotherHostsSandboxesAreItsOwnMatter() {
    var session = TestSession.in(db);
    var elsewhere = session.sandbox("host-2", 1);
    new SandboxRecords(db, new HostId("host-2"), URI.create("http://host-2"))
        .claimed(new Serving(PROJECT, session.id(), elsewhere, 1));

    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(endReason(elsewhere)).isNull();
  }

  @Test
  void aSandboxThatIsAboutToStartIsNotMissed() {
    var starting = TestSession.in(db).sandbox(HOST.value(), 1);

    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(endReason(starting)).isNull();
  }

  @Test
  void aSandboxWhoseWorkerDiedWhileItCameUpIsRemovedForItsStartToBeRepeated() {
    var starting = TestSession.in(db).sandbox(HOST.value(), 1);
    containers.all.put(starting, new SandboxInspection.Running());

    sweep.takeOver();

    assertThat(containers.all).isEmpty();
    assertThat(sandboxes.find(starting)).isNull();
    assertThat(endReason(starting)).isNull();
  }

  @Test
  void aSandboxThatStillServesIsTakenOverAfterTheWorkersRestart() throws Exception {
    assumeThat(Files.getAttribute(folder, "unix:uid"))
        .as("only root may give a door to the bridge's user")
        .isEqualTo(0);
    var session = TestSession.in(db);
    var serving = claimed(session);
    folders.prepare(serving, List.of());
    containers.all.put(serving, new SandboxInspection.Running());

    sweep.takeOver();

    assertThat(sandboxes.find(serving)).isNotNull();
    assertThat(sandboxes.find(session.id())).isNotNull();
    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(containers.all).containsOnlyKeys(serving);
  }

  @Test
  void aSandboxWhoseBridgeDoesNotDialTheNextWorkerIsTakenForLost() throws Exception {
    var serving = runningUnderAnEarlierWorker(Duration.ofSeconds(1));

    sweep.takeOver();
    var loss =
        requireNonNull(sandboxes.find(serving)).ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

    assertThat(loss.reason()).isEqualTo(SandboxEndReason.SILENT);
    assertThat(endReason(serving)).isEqualTo("silent");
    // Whoever waits for its end hears of it before it is cleaned up.
    eventually(() ->
        sandboxes.find(serving) == null
            && containers.list().isEmpty()
            && !Files.exists(folders.door(serving)));
  }

  @Test
  void aSandboxThatAnotherWorkerOfThisHostHasTakenIsLeftToIt() throws Exception {
    var serving = runningUnderAnEarlierWorker(SILENCE);
    sweep.takeOver();
    var live = requireNonNull(sandboxes.find(serving));

    records.attach(live.serving());
    var loss = live.ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

    assertThat(loss.reason()).isEqualTo(SandboxEndReason.SUPERSEDED);
    assertThat(containers.all).containsOnlyKeys(serving);
    assertThat(endReason(serving)).isNull();
  }

  @Test
  void aSandboxThatThisWorkerHoldsAndWhoseSessionIsServedElsewhereIsEnded() throws Exception {
    var held = runningUnderAnEarlierWorker(SILENCE);
    sweep.takeOver();
    var live = requireNonNull(sandboxes.find(held));
    new TestSession(db, live.session()).sandbox("host-2", 2);

    assertThat(sweep().removed()).isOne();

    assertThat(live.ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).reason())
        .isEqualTo(SandboxEndReason.SUPERSEDED);
    assertThat(containers.all).isEmpty();
    assertThat(sandboxes.find(held)).isNull();
  }

  @Test
  void aSandboxWhoseEndItsSessionSaidWhileThisHostDidNotAnswerIsEnded() throws Exception {
    var held = runningUnderAnEarlierWorker(SILENCE);
    sweep.takeOver();
    var live = requireNonNull(sandboxes.find(held));
    var said = new SandboxEnded(held, SandboxEndReason.IDLE, "its host did not answer", null);
    EventLog.append(
        db,
        new EventLog.Request(
            live.session(),
            EventWriter.PLATFORM,
            List.of(NewEvent.of(SandboxEnded.id(held), said))));

    sweep();

    assertThat(containers.all).isEmpty();
    assertThat(EventLog.read(db, live.session(), 0, 100))
        .extracting(EventEnvelope::event)
        .containsExactly(said);
  }

  /**
   * @param silence after which a bridge that does not dial is looked into
   */
  private SandboxId runningUnderAnEarlierWorker(Duration silence) throws IOException {
    assumeThat(Files.getAttribute(folder, "unix:uid"))
        .as("only root may give a door to the bridge's user")
        .isEqualTo(0);
    log.close();
    beginAHost(silence);
    var session = TestSession.in(db);
    var serving = claimed(session);
    folders.prepare(serving, List.of());
    containers.all.put(serving, new SandboxInspection.Running());
    return serving;
  }

  @Test
  void theMetricSaysWhatASweepFoundAndReadsZeroAfterIt() {
    containers.all.put(new SandboxId("sb-0123456789abcdef"), new SandboxInspection.Running());
    claimed(TestSession.in(db));

    sweep();
    assertThat(disagreement("container")).isEqualTo(1);
    assertThat(disagreement("sandbox")).isEqualTo(1);
    sweep();

    assertThat(disagreement("container")).isZero();
    assertThat(disagreement("sandbox")).isZero();
    assertThat(meters.get("berth.host.sweeps").counter().count()).isEqualTo(2);
  }

  @Test
  void foldersThatASecondSweepStillFindsWithoutAnOwnerAreRemoved() throws Exception {
    var unknown = new SandboxId("sb-00000000000000aa");
    Files.createDirectories(folders.door(unknown));
    Files.createDirectories(folders.workspace(unknown));
    var closed = TestSession.in(db);
    var ended = closed.sandbox(HOST.value(), 1);
    records.ended(ended, SandboxEndReason.CLOSED, "closed");
    db.update(SESSIONS)
        .set(SESSIONS.CLOSED_AT, currentOffsetDateTime())
        .where(SESSIONS.SESSION_ID.eq(UUID.fromString(closed.id().value())))
        .execute();
    Files.createDirectories(folders.workspace(ended));

    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(folders.workspace(unknown)).isDirectory();
    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 1, 2));

    assertThat(folders.folder(unknown)).doesNotExist();
    assertThat(folders.door(unknown)).doesNotExist();
    assertThat(folders.folder(ended)).doesNotExist();
    assertThat(disagreement("socket")).isEqualTo(1);
    assertThat(sweep()).isEqualTo(new SweepResult(0, 0, 0, 0));
    assertThat(disagreement("socket") + disagreement("workspace")).isZero();
  }

  @Test
  void filesOfASessionThatGoesOnElsewhereAreRemoved() throws Exception {
    var moved = TestSession.in(db);
    var left = moved.sandbox(HOST.value(), 1);
    records.ended(left, SandboxEndReason.IDLE, "asleep");
    Files.createDirectories(folders.workspace(left));
    var elsewhere = moved.sandbox("host-2", 2);
    new SandboxRecords(db, new HostId("host-2"), URI.create("http://host-2"))
        .claimed(new Serving(PROJECT, moved.id(), elsewhere, 2));

    sweep();
    sweep();

    assertThat(folders.folder(left)).doesNotExist();
  }

  @Test
  void foldersThatAreNeededStay() throws Exception {
    var session = TestSession.in(db);
    var starting = session.sandbox(HOST.value(), 1);
    Files.createDirectories(folders.door(starting));
    Files.createDirectories(folders.workspace(starting));
    var sleeping = TestSession.in(db).sandbox(HOST.value(), 1);
    records.ended(sleeping, SandboxEndReason.IDLE, "asleep");
    Files.createDirectories(folders.workspace(sleeping));

    sweep();
    sweep();

    assertThat(folders.door(starting)).isDirectory();
    assertThat(folders.workspace(starting)).isDirectory();
    assertThat(folders.workspace(sleeping)).isDirectory();
  }

  private static void eventually(BooleanSupplier condition) {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in " + PATIENCE);
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  private double disagreement(String kind) {
    return meters.get("berth.host.disagreement").tag("kind", kind).gauge().value();
  }

  private SweepResult sweep() {
    return sweep.sweep(new SweepInput(HOST));
  }

  private SandboxId claimed(TestSession session) {
    var sandbox = session.sandbox(HOST.value(), 1);
    records.claimed(new Serving(PROJECT, session.id(), sandbox, 1));
    return sandbox;
  }

  private static @Nullable String endReason(SandboxId sandbox) {
    return db.fetchSingle(SANDBOXES, SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
        .get(SANDBOXES.END_REASON);
  }

  private static List<EventEnvelope> events(TestSession session) {
    return EventLog.read(db, session.id(), 0, 100);
  }
}
