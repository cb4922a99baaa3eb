package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static dev.berth.tests.e2e.TestSocket.json;

import dev.berth.protocol.HostId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.testing.RecordedHistories;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs the reference sessions on the real platform and writes their histories, which the replay
 * tests hold against later code. Not a test: {@code tools/record-histories} runs it.
 */
@Tag("record")
@Timeout(300)
class RecordHistories {
  private static final Path FOLDER = Path.of("src/test/resources/histories");

  @Test
  void record() {
    var settings =
        Map.of(
            "session.idle", "3s",
            "session.first-snapshot", "2s",
            "session.completion-linger", "1s");
    try (var platform = TestPlatform.start("record", settings)) {
      var turns = platform.socket("recorder").init(allowAll());
      turns.user("say one").user("say two");
      turns.result();
      turns.result();
      turns.close();
      write(platform, "session-turns", turns.session());

      var recovery = platform.socket("recorder").init(allowAll());
      recovery.user("bash python3 -c \"import time; time.sleep(2)\"\nsay back");
      recovery.await(frame -> frame.path("type").asString("").equals("assistant"));
      docker("kill", "berth-" + recovery.session());
      recovery.result();
      write(platform, "session-recovery", recovery.session());

      var interrupt = platform.socket("recorder").init(allowAll());
      interrupt.user("bash python3 -c \"import time; time.sleep(60)\"");
      interrupt.await(frame -> frame.path("type").asString("").equals("assistant"));
      interrupt.send(TestSocket.frame("control", json().put("action", "interrupt")));
      interrupt.result();
      write(platform, "session-interrupt", interrupt.session());

      var idle = platform.socket("recorder").init(allowAll());
      idle.turn("say before sleep");
      eventually(
          "asleep",
          Duration.ofSeconds(30),
          () -> docker("ps", "-aq", "--filter", "name=berth-" + idle.session()).isEmpty());
      idle.turn("say after sleep");
      write(platform, "session-idle", idle.session());

      var files = platform.socket("recorder").init(allowAll());
      files.turn("write notes.txt <<END\none\nEND\nsay written");
      files.turn("bash echo two > notes.txt\nsay written again");
      eventually(
          "the files are safe",
          Duration.ofSeconds(60),
          () ->
              platform
                      .database()
                      .fetchCount(
                          DSL.table("workspace_snapshots"),
                          DSL.condition("session_id = ?::uuid", files.session()))
                  >= 1);
      files.turn("say done");
      write(platform, "session-snapshots", files.session());

      var inTurn = platform.socket("recorder").init(allowAll());
      inTurn.user(
          "write notes.txt <<END\none\nEND\nbash python3 -c \"import time; time.sleep(8)\"\nsay so");
      eventually(
          "the files of the turn are safe",
          Duration.ofSeconds(60),
          () ->
              platform
                      .database()
                      .fetchCount(
                          DSL.table("workspace_snapshots"),
                          DSL.condition("session_id = ?::uuid", inTurn.session()))
                  >= 1);
      inTurn.result();
      inTurn.turn("say done");
      write(platform, "session-snapshots-in-turns", inTurn.session());

      var cut = platform.socket("recorder").init(allowAll());
      cut.user("bash python3 -c \"import time; time.sleep(2)\"\nsay back");
      cut.await(frame -> frame.path("type").asString("").equals("assistant"));
      docker("kill", "berth-" + cut.session());
      eventually(
          "it is taken up",
          Duration.ofSeconds(30),
          () -> platform.events("type = 'session.rescheduled'", cut.session()) == 1);
      cut.send(TestSocket.frame("control", json().put("action", "interrupt")));
      cut.result();
      write(platform, "session-cut-in-recovery", cut.session());

      var twice = platform.socket("recorder").init(allowAll());
      twice.user(
          """
          bash python3 -c "import time; time.sleep(30)"
          bash python3 -c "import time; time.sleep(30)"
          say back
          """);
      for (var losses = 1; losses <= 2; losses++) {
        var calls = losses;
        eventually(
            "call %d runs".formatted(calls),
            Duration.ofSeconds(60),
            () -> platform.events("type = 'tool.started'", twice.session()) == calls);
        docker("kill", "berth-" + twice.session());
      }
      twice.result();
      write(platform, "session-lost-twice", twice.session());

      var asking = AskingSession.open(platform);
      asking.send("bash echo one >> effects\nsay Went on.");
      var call = asking.awaitAsked(1).getFirst();
      eventually(
          "parked",
          Duration.ofSeconds(60),
          () -> docker("ps", "-aq", "--filter", "name=berth-" + asking.id()).isEmpty());
      asking.decide(call, "allow");
      asking.awaitEnds(1);
      write(platform, "session-approvals", asking.id());

      var permits = platform.socket("recorder").init(allowAll());
      permits.turn("say one");
      permits.close();
      eventually(
          "the session is over",
          Duration.ofSeconds(30),
          () -> docker("ps", "-aq", "--filter", "name=berth-" + permits.session()).isEmpty());
      write(platform, "session-permits", permits.session());
      var account =
          platform
              .database()
              .fetchSingle("select account_id from projects")
              .get("account_id", String.class);
      temporal(
          platform,
          client ->
              RecordedHistories.save(
                  FOLDER, "semaphore", client.fetchHistory(WorkflowIds.semaphore(account))));

      var id = WorkflowIds.reconcileHost(new HostId("host-1"));
      temporal(
          platform,
          client -> {
            var swept =
                "WorkflowType = 'ReconcileHost' and ExecutionStatus = 'Completed' and WorkflowId starts_with '%s'"
                    .formatted(id);
            eventually(
                "swept",
                Duration.ofMinutes(2),
                () -> client.listExecutions(swept).findAny().isPresent());
            var run = client.listExecutions(swept).findFirst().orElseThrow();
            RecordedHistories.save(
                FOLDER,
                "reconcile",
                client.fetchHistory(
                    run.getExecution().getWorkflowId(), run.getExecution().getRunId()));
          });
    }
  }

  @Test
  void recordASilentHost() throws InterruptedException {
    try (var platform = TestPlatform.split("record-outage", 1, 1)) {
      var socket = platform.socket("recorder").init(allowAll());
      socket.user("bash python3 -c \"import time; time.sleep(20)\"\nsay back");
      eventually(
          "the call runs",
          Duration.ofSeconds(60),
          () -> platform.events("type = 'tool.started'", socket.session()) == 1);
      platform.stopWorkerFor(WorkerOutageIT.OUTAGE);
      socket.result();
      write(platform, "session-silent-host", socket.session());
    }
  }

  private static void write(TestPlatform platform, String name, String session) {
    temporal(
        platform,
        client ->
            RecordedHistories.save(FOLDER, name, client.fetchHistory(workflow(platform, session))));
  }

  private static String workflow(TestPlatform platform, String session) {
    return WorkflowIds.session(
        new ProjectId(platform.connection().projectId()), new SessionId(session));
  }

  private interface Use {
    void with(WorkflowClient client);
  }

  private static void temporal(TestPlatform platform, Use use) {
    var service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(platform.connection().temporalAddress())
                .build());
    try {
      use.with(
          WorkflowClient.newInstance(
              service,
              WorkflowClientOptions.newBuilder()
                  .setDataConverter(TemporalPayloads.converter())
                  .build()));
    } finally {
      service.shutdownNow();
    }
  }
}
