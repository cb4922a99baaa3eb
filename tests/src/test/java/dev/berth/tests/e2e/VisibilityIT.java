package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator sees of sessions in Temporal. */
@Tag("e2e")
@Timeout(240)
class VisibilityIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static TestPlatform platform;
  private static WorkflowServiceStubs service;
  private static WorkflowClient temporal;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
    service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(platform.connection().temporalAddress())
                .build());
    temporal =
        WorkflowClient.newInstance(
            service,
            WorkflowClientOptions.newBuilder()
                .setDataConverter(TemporalPayloads.converter())
                .build());
  }

  @AfterAll
  static void stop() {
    service.shutdownNow();
  }

  @Test
  void aSessionIsFoundByItsUserAndItsPhase() {
    try (var socket = platform.socket("vera").init(allowAll())) {
      socket.user("bash until [ -e go ]; do sleep 0.1; done\nsay done");
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));

      eventually("found running", PATIENCE, () -> count("vera", "running") == 1);
      docker("exec", "-u", "10002", "berth-" + socket.session(), "touch", "/workspace/project/go");
      socket.result();
      eventually("found idle", PATIENCE, () -> count("vera", "idle") == 1);
      assertThat(
              temporal
                  .countWorkflows("EndUserId = 'vera' and StopReason = 'end_turn' and Turns = 1")
                  .getCount())
          .isEqualTo(1);
    }
  }

  @Test
  void noContentIsInAHistory() {
    var secret = "a-very-private-sentence";
    try (var socket = platform.socket("vic").init(allowAll())) {
      socket.turn("say " + secret);

      var history =
          temporal
              .fetchHistory(
                  WorkflowIds.session(
                      new ProjectId(platform.connection().projectId()),
                      new SessionId(socket.session())))
              .toJson(false);
      var payloads = new StringBuilder();
      var data = Pattern.compile("\"data\":\\s*\"([^\"]*)\"").matcher(history);
      while (data.find()) {
        payloads.append(new String(Base64.getDecoder().decode(data.group(1)), UTF_8)).append('\n');
      }
      assertThat(payloads.toString()).contains("vic").doesNotContain(secret);
      assertThat(history).doesNotContain(secret);
    }
  }

  private static long count(String user, String phase) {
    return temporal
        .countWorkflows("EndUserId = '%s' and AgentPhase = '%s'".formatted(user, phase))
        .getCount();
  }
}
