package dev.berth.activities.sandbox;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestSession;
import dev.berth.activities.model.GatewayAddresses;
import dev.berth.activities.model.GatewayCredentials;
import dev.berth.activities.model.GatewayProperties;
import dev.berth.activities.model.HttpDoors;
import dev.berth.activities.model.LostModelRequests;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.LostBackground;
import dev.berth.activities.session.LostResults;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.session.UnannouncedMessages;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.EventLog;
import dev.berth.db.GroupCommit;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.SandboxEnded;
import dev.berth.workflows.ports.HostActivities.SweepInput;
import dev.berth.workflows.ports.HostActivities.SweepResult;
import dev.berth.workflows.session.SessionPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.testing.TestWorkflowEnvironment;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

@Timeout(60)
class HostSweepTest {
  private static final HostId HOST = new HostId("host-1");
  private static final Duration LONG_AGO = Duration.ofDays(1);

  @TempDir private static Path folder;
  private static TestDatabase database;
  private static DSLContext db;
  private static TestObjects objects;
  private static TestWorkflowEnvironment temporal;
  private static HttpDoors doors;

  private final Containers containers = new Containers();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SandboxFolders folders =
      new SandboxFolders(folder.resolve("workspaces"), folder.resolve("s"));
  private final AtomicInteger present = new AtomicInteger();
  private SandboxRecords records;
  private GroupCommit log;
  private HostSandboxes sandboxes;
  private HostSweep sweep;

  /** The containers of this installation and host. */
  private static final class Containers implements SandboxRuntime {
    final Map<SandboxId, SandboxInspection> all = new LinkedHashMap<>();

    @Override
    public void start(SandboxSpec spec) {
      all.put(spec.id(), new SandboxInspection.Running());
    }

    @Override
    public void claim(SandboxId sandbox, SessionId session) {}

    @Override
    public SandboxInspection inspect(SandboxId sandbox) {
      return all.getOrDefault(sandbox, new SandboxInspection.Missing());
    }

    @Override
    public String logTail(SandboxId sandbox) {
      return "";
    }

    @Override
    public void remove(SandboxId sandbox) {
      all.remove(sandbox);
    }

    @Override
    public List<SandboxId> list() {
      return List.copyOf(all.keySet());
    }
  }

  @BeforeAll
  static void startServers() throws Exception {
    database = TestDatabase.start();
    db = database.dsl();
    objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
    temporal = TestWorkflowEnvironment.newInstance();
    var addresses = new GatewayAddresses(List.of(URI.create("http://127.0.0.1:1")));
    var gateway = new GatewayProperties(List.of(addresses.current()), new Secret("i"));
    doors =
        new HttpDoors(
            addresses, new GatewayCredentials(gateway, addresses, HttpClient.newHttpClient()));
  }

  @AfterAll
  static void stopServers() throws Exception {
    doors.close();
    temporal.close();
    objects.close();
    database.close();
  }

  @BeforeEach
  void beginAHost() {
    db.deleteFrom(SANDBOXES).execute();
    // What another test left would have no owner now.
    folders.folders().forEach(folders::remove);
    folders.doors().forEach(folders::remove);
    records = new SandboxRecords(db, HOST, URI.create("http://host-1:7401"));
    log = new GroupCommit(db);
    sandboxes =
        new HostSandboxes(
            HOST,
            new SandboxProperties(
                "here",
                "image:1",
                SandboxTier.LITE,
                null,
                URI.create("tcp://127.0.0.1:1"),
                folder.resolve("workspaces"),
                folder.resolve("s"),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                DataSize.ofBytes(0)),
            new WatchdogProperties(
                Duration.ofMinutes(1),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                Duration.ofHours(1)),
            containers,
            records,
            doors,
            log,
            new TurnEnds(db),
            new ToolJournal(db),
            new LostResults(db),
            new LostBackground(db),
            new Restarts(db),
            objects.store(),
            new WorkspaceRecords(db),
            new NoSnapshots(),
            new HostLosses(db, records, new WorkspaceRecords(db), log),
            new SessionSignals(temporal.getWorkflowClient()));
    sweep =
        new HostSweep(
            containers,
            records,
            sandboxes,
            present::incrementAndGet,
            new LostModelRequests(db),
            new FolderSweep(folders, records),
            new HostMetrics(meters),
            new UnannouncedMessages(db, temporal.getWorkflowClient(), SessionPolicy.DEFAULT));
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
