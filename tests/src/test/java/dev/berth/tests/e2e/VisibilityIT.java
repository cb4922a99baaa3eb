package dev.berth.tests.e2e;

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
@Timeout(120)
class VisibilityIT {
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
      socket.user("bash python3 -c \"import time; time.sleep(4)\"\nsay done");
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));

      eventually("found running", Duration.ofSeconds(10), () -> count("vera", "running") == 1);
      socket.result();
      eventually("found idle", Duration.ofSeconds(10), () -> count("vera", "idle") == 1);
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
