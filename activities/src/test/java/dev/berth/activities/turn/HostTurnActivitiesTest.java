package dev.berth.activities.turn;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestPayloads;
import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.SandboxInspection;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.sandbox.TestContainers;
import dev.berth.activities.sandbox.TestHost;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ResumePoints;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame.TurnEnded;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.ports.TurnActivities;
import dev.berth.workflows.ports.TurnActivities.RunTurnInput;
import io.temporal.testing.TestActivityEnvironment;
import io.temporal.testing.TestWorkflowEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostTurnActivitiesTest {
  private static final HostId HOST = new HostId("host-1");
  private static final TurnId TURN = new TurnId(UUID.randomUUID().toString());

  @TempDir private Path folder;

  @Test
  void anEndThatIsWrittenWhileAnAttemptTakesHoldOfTheTurnIsNotMissed() throws Exception {
    assumeThat(Files.getAttribute(folder, "unix:uid"))
        .as("only root may give a door to the bridge's user")
        .isEqualTo(0);
    try (var database = TestDatabase.start();
        var temporal = TestWorkflowEnvironment.newInstance();
        var doors = TestHost.doors()) {
      var objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
      var db = database.dsl();
      var containers = new TestContainers();
      var host =
          new TestHost(
              HOST, folder, db, objects, temporal, doors, containers, Duration.ofSeconds(30));
      var session = TestSession.in(db);
      var sandbox = session.sandbox(HOST.value(), 1);
      var serving = new Serving(PROJECT, session.id(), sandbox, 1);
      containers.put(sandbox, new SandboxInspection.Running());
      host.records().claimed(serving);
      host.adopt(serving);
      session.message(TURN);
      var turnEnds = new TurnEnds(db);
      var activities = activities(host, db, turnEnds);
      db.update(SESSIONS)
          .set(SESSIONS.OPTIONS, JSON.json("{\"model\": \"m\", \"resume_session_at\": \"m1\"}"))
          .where(SESSIONS.SESSION_ID.eq(session.uuid()))
          .execute();
      var input =
          new RunTurnInput(
              PROJECT, session.id(), sandbox, 1, TURN, new MessageId(TURN.value()), 1, 1);

      var result =
          db.transactionResult(tx -> {
            // Whoever appends to the session's log waits for this lock.
            tx.dsl()
                .selectFrom(SESSIONS)
                .where(SESSIONS.SESSION_ID.eq(session.uuid()))
                .forUpdate()
                .fetch();
            var attempt = CompletableFuture.supplyAsync(() -> run(activities, input));
            awaitWaiter(db);
            var end =
                turnEnds.event(
                    session.id(), TURN, new MessageId(TURN.value()), StopReason.END_TURN, null);
            EventLog.append(
                tx.dsl(), new EventLog.Request(session.id(), EventWriter.PLATFORM, List.of(end)));
            return attempt;
          });

      assertThat(result.get(20, TimeUnit.SECONDS).stopReason()).isEqualTo(StopReason.END_TURN);
      assertThat(host.sandboxes().isBusy(sandbox)).isFalse();
      assertThat(host.records().options(session.id()).resumeSessionAt()).isNull();
      host.log().close();
      objects.close();
    }
  }

  @Test
  void anEndWithoutItsSandboxLeavesItToTheSessionToSayThatItIsIdle() throws Exception {
    try (var database = TestDatabase.start();
        var temporal = TestWorkflowEnvironment.newInstance();
        var doors = TestHost.doors()) {
      var objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
      var db = database.dsl();
      var host =
          new TestHost(
              HOST,
              folder,
              db,
              objects,
              temporal,
              doors,
              new TestContainers(),
              Duration.ofSeconds(30));
      var session = TestSession.in(db);
      session.sandbox(HOST.value(), 1);
      session.message(TURN);
      var turnEnds = new TurnEnds(db);
      var activities = activities(host, db, turnEnds);
      var message = new MessageId(TURN.value());
      var end = new TurnEnded(9, TURN, message, StopReason.END_TURN, null, null, null);
      append(db, session, turnEnds.events(session.id(), end));
      var lost = session.sandbox(HOST.value(), 2);
      var input = new RunTurnInput(PROJECT, session.id(), lost, 2, TURN, message, 1, 2);

      assertThat(run(activities, input).idle()).isTrue();
      append(
          db,
          session,
          List.of(NewEvent.of("w/1", new StatusChanged(SessionStatus.RESCHEDULING, "killed"))));

      assertThat(run(activities, input).idle()).isFalse();
      host.log().close();
      objects.close();
    }
  }

  private static HostTurnActivities activities(TestHost host, DSLContext db, TurnEnds turnEnds) {
    return new HostTurnActivities(
        host.sandboxes(),
        db,
        host.log(),
        turnEnds,
        new WorkspaceRecords(db),
        new Restarts(db),
        new ResumePoints(db),
        Duration.ofSeconds(1));
  }

  private static void append(DSLContext db, TestSession session, List<NewEvent> events) {
    EventLog.append(db, new EventLog.Request(session.id(), EventWriter.PLATFORM, events));
  }

  private static TurnActivities.TurnResult run(HostTurnActivities activities, RunTurnInput input) {
    var environment = TestActivityEnvironment.newInstance(TestPayloads.options());
    try {
      environment.registerActivitiesImplementations(activities);
      return environment.newActivityStub(TurnActivities.class).run(input);
    } finally {
      environment.close();
    }
  }

  private static void awaitWaiter(DSLContext db) throws InterruptedException {
    while (db.fetchSingle("select count(*) as n from pg_locks where not granted")
            .get("n", int.class)
        == 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
