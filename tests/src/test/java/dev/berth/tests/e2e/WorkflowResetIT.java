package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.WorkflowIds;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.EventType;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryRequest;
import io.temporal.api.workflowservice.v1.ResetWorkflowExecutionRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An operator resets the workflow of a session, to a moment at which none of its turns had run. */
@Tag("e2e")
@Timeout(240)
class WorkflowResetIT {
  private static final String NAMESPACE = "default";

  private static TestPlatform platform;
  private static WorkflowServiceStubs temporal;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
    temporal =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(platform.connection().temporalAddress())
                .build());
  }

  @AfterAll
  static void stop() {
    temporal.shutdownNow();
  }

  /** E2. */
  @Test
  void turnsThatEndedAreNotRunAgainAndTheSessionGoesOn() {
    try (var socket = platform.socket("rosa").init(allowAll())) {
      socket.turn("bash echo x >> count\nsay one");
      socket.turn("say two");

      reset(socket.session());

      assertThat(
              socket.turn("bash wc -l < count\nsay counted {{result}}").path("result").asString(""))
          .contains("counted 1");
      assertThat(platform.events("type = 'turn.completed'", socket.session())).isEqualTo(3);
      assertThat(platform.events("type = 'message.accepted'", socket.session())).isEqualTo(3);
      assertThat(platform.events("type = 'tool.started'", socket.session())).isEqualTo(2);
      assertThat(platform.events("type = 'turn.started'", socket.session())).isEqualTo(3);
    }
  }

  /** E2. */
  @Test
  void theSameMessageSentAgainAfterAResetHasTheSameAnswer() {
    var session = AskingSession.open(platform);
    var body = "{\"id\": \"%s\", \"content\": \"say once\"}".formatted(UUID.randomUUID());
    var receipt = session.call("POST", "/messages", body);
    assertThat(receipt.statusCode()).as(receipt.body()).isEqualTo(202);
    session.awaitEnds(1);

    reset(session.id());

    var again = session.call("POST", "/messages", body);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(202);
    assertThat(seq(again)).isEqualTo(seq(receipt));
    session.send("say another");
    session.awaitEnds(2);
    assertThat(session.types("turn.started")).hasSize(2);
    assertThat(session.types("message.accepted")).hasSize(2);
  }

  private static long seq(HttpResponse<String> receipt) {
    return ProtocolJson.mapper().readTree(receipt.body()).path("seq").asLong();
  }

  private static void reset(String session) {
    var execution =
        WorkflowExecution.newBuilder()
            .setWorkflowId(
                WorkflowIds.session(
                    new ProjectId(platform.connection().projectId()), new SessionId(session)))
            .build();
    var history =
        temporal
            .blockingStub()
            .getWorkflowExecutionHistory(
                GetWorkflowExecutionHistoryRequest.newBuilder()
                    .setNamespace(NAMESPACE)
                    .setExecution(execution)
                    .build())
            .getHistory();
    var first =
        history.getEventsList().stream()
            .filter(event -> event.getEventType() == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
            .findFirst()
            .orElseThrow();
    temporal
        .blockingStub()
        .resetWorkflowExecution(
            ResetWorkflowExecutionRequest.newBuilder()
                .setNamespace(NAMESPACE)
                .setWorkflowExecution(execution)
                .setReason("in a test")
                .setWorkflowTaskFinishEventId(first.getEventId())
                .setRequestId(UUID.randomUUID().toString())
                .build());
  }
}
