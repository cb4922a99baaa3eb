package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.WorkflowIds;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The same system as separate processes: two api nodes, two workers that are hosts of their own.
 */
@Tag("e2e")
@Timeout(240)
class SplitIT {
  private static TestPlatform platform;
  private static WorkflowServiceStubs temporal;

  @BeforeAll
  static void start() {
    platform = TestPlatform.split("split", 2, 2);
    temporal =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(platform.connection().temporalAddress())
                .build());
  }

  @AfterAll
  static void stop() {
    temporal.shutdownNow();
    platform.close();
  }

  @Test
  void sessionsAreSpreadOverTheHosts() {
    var hosts = new HashSet<String>();
    for (var index = 0; index < 4; index++) {
      try (var socket = platform.socket("u" + index).init(allowAll())) {
        assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
        hosts.add(host(socket.session()));
      }
    }

    assertThat(hosts).containsExactlyInAnyOrder("host-1", "host-2");
  }

  @Test
  void aTurnThatBeganOnOneNodeIsReadOnTheOther() {
    var first = onNode(1, "nora").init(allowAll());
    first.user("bash python3 -c \"import time; time.sleep(2)\"\nsay seen from afar");
    first.await(frame -> frame.path("type").asString("").equals("assistant"));

    try (var second =
        onNode(2, "nora").init(allowAll().put("sessionId", first.session()).put("after_seq", 0))) {
      assertThat(second.result().path("result").asString("")).isEqualTo("seen from afar");
    }
    assertThat(first.result().path("result").asString("")).isEqualTo("seen from afar");
    first.close();
  }

  @Test
  void b1AWorkerThatIsKilledInMidTurnComesBackToTheSameSandbox() {
    try (var socket = platform.socket("wanda").init(allowAll())) {
      socket.user(
          """
          bash echo x >> count; python3 -c "import time; time.sleep(4)"
          bash wc -l < count
          say counted {{result}}
          """);
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
      kill("worker-" + host(socket.session()).substring("host-".length()));

      var result = socket.result();
      assertThat(result.path("result").asString("")).contains("counted 1");
      assertThat(
              platform
                  .database()
                  .fetchSingle(
                      "select count(*) as n from sandboxes where session_id = ?::uuid",
                      socket.session())
                  .get("n", int.class))
          .isEqualTo(1);
    }
  }

  @Test
  void b4AWorkerWhoseHeartbeatsAreLostGoesOnWithTheSameSandbox() {
    try (var socket = platform.socket("bea").init(allowAll())) {
      socket.user(
          """
          bash echo x >> count; python3 -c "import time; time.sleep(5)"
          bash wc -l < count
          say counted {{result}}
          """);
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
      var worker = "worker-" + host(socket.session()).substring("host-".length());
      signal("STOP", worker);
      try {
        eventually(
            "Temporal gives the turn up and begins its next attempt",
            Duration.ofSeconds(60),
            () -> attempt(socket.session()) > 1);
      } finally {
        signal("CONT", worker);
      }

      assertThat(socket.result().path("result").asString("")).contains("counted 1");
      assertThat(platform.events("type = 'sandbox.started'", socket.session())).isEqualTo(1);
      assertThat(platform.events("type = 'session.rescheduled'", socket.session())).isZero();
    }
  }

  @Test
  void anInterruptThatComesWhileTheWorkerIsDeadEndsTheTurn() {
    try (var socket = platform.socket("ines").init(allowAll())) {
      socket.user("bash python3 -c \"import time; time.sleep(300)\"\nsay slept");
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
      kill("worker-" + host(socket.session()).substring("host-".length()));
      socket.send(TestSocket.frame("control", TestSocket.json().put("action", "interrupt")));

      assertThat(socket.result().path("subtype").asString("")).isNotEqualTo("success");
    }
  }

  @Test
  void b5AnApiNodeThatIsKilledInMidTurnCostsTheClientAReconnectionAndNothingElse() {
    var first = onNode(2, "kate").init(allowAll().put("after_seq", 0));
    first.user("bash python3 -c \"import time; time.sleep(3)\"\nsay the node is not the session");
    var seen = first.await(frame -> frame.path("type").asString("").equals("assistant"));
    kill("api-2");

    try (var second =
        onNode(1, "kate")
            .init(
                allowAll()
                    .put("sessionId", first.session())
                    .put("after_seq", seen.path("seq").asLong()))) {
      assertThat(second.result().path("result").asString(""))
          .isEqualTo("the node is not the session");
      assertThat(second.seen())
          .filteredOn(frame -> frame.has("seq"))
          .allSatisfy(frame ->
              assertThat(frame.path("seq").asLong()).isGreaterThan(seen.path("seq").asLong()));
    }
    eventually(
        "the node is back",
        Duration.ofSeconds(60),
        () -> {
          try (var socket = onNode(2, "kate")) {
            return socket.isOpen();
          } catch (RuntimeException notYet) {
            return false;
          }
        });
  }

  @Test
  void eachHostSaysThatItAgreesWithTheDatabase() {
    assertThat(platform.connection().metricsUrls())
        .hasSize(2)
        .allSatisfy(worker -> {
          eventually(
              worker + " was swept, and is in order",
              Duration.ofMinutes(2),
              () -> {
                var metrics = metrics(worker);
                return !metrics.contains("berth_host_sweeps_total 0.0")
                    && Stream.of("container", "sandbox", "socket", "workspace")
                        .allMatch(kind ->
                            metrics.contains(
                                "berth_host_disagreement{kind=\"%s\"} 0".formatted(kind)));
              });
        });
  }

  private static String metrics(String worker) {
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create(worker)).build();
      return client.send(request, BodyHandlers.ofString()).body();
    } catch (IOException notNow) {
      return "";
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  private static TestSocket onNode(int node, String user) {
    var port =
        platform.platform().parts().stream()
            .filter(part -> part.startsWith("api-" + node))
            .map(part -> part.replaceFirst(".*:", ""))
            .findFirst()
            .orElseThrow();
    return TestSocket.open("ws://127.0.0.1:%s/ws?token=%s".formatted(port, platform.token(user)));
  }

  private static String host(String session) {
    return platform
        .database()
        .fetchSingle(
            "select host_id from sandboxes where session_id = ?::uuid order by epoch desc limit 1",
            session)
        .get("host_id", String.class);
  }

  /** The attempt at its turn in which Temporal sees a session. */
  private static int attempt(String session) {
    var workflow =
        WorkflowIds.session(
            new ProjectId(platform.connection().projectId()), new SessionId(session));
    return temporal
        .blockingStub()
        .describeWorkflowExecution(
            DescribeWorkflowExecutionRequest.newBuilder()
                .setNamespace("default")
                .setExecution(WorkflowExecution.newBuilder().setWorkflowId(workflow))
                .build())
        .getPendingActivitiesList()
        .stream()
        .filter(activity -> activity.getActivityType().getName().equals("TurnRun"))
        .mapToInt(PendingActivityInfo::getAttempt)
        .findFirst()
        .orElse(0);
  }

  private static void signal(String signal, String process) {
    Machine.run("kill", "-" + signal, String.valueOf(pid(process)));
  }

  private static void kill(String process) {
    ProcessHandle.of(pid(process)).orElseThrow().destroyForcibly();
  }

  private static long pid(String process) {
    return Objects.requireNonNull(platform.platform().processes().get(process));
  }
}
