package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static dev.berth.tests.e2e.TestSocket.frame;
import static dev.berth.tests.e2e.TestSocket.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.SemaphoreView;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two permits, three sessions, on the real server. */
@Tag("e2e")
@Timeout(300)
class PermitsIT {
  private static final int CAPACITY = 2;
  private static final String SLEEP = "bash python3 -c \"import time; time.sleep(300)\"\nsay slept";

  private static TestPlatform platform;
  private static WorkflowServiceStubs service;
  private static WorkflowClient temporal;

  @BeforeAll
  static void start() {
    platform = TestPlatform.start("permits", Map.of("permits.capacity", "" + CAPACITY));
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
    platform.close();
  }

  @Test
  void aThirdSessionWaitsForOneOfTwoPermitsAndGetsThatOfASessionThatWasTerminated() {
    var lost = platform.socket("anna").init(allowAll());
    lost.user(SLEEP);
    lost.await(frame -> frame.path("type").asString("").equals("assistant"));
    var working = platform.socket("bert").init(allowAll());
    working.user(SLEEP);
    working.await(frame -> frame.path("type").asString("").equals("assistant"));

    var waiting = platform.socket("cleo").init(allowAll());
    waiting.user("say the third");
    eventually(
        "the third session waits, and its log says so",
        Duration.ofSeconds(30),
        () -> waitsForAPermit(waiting.session()));
    assertThat(permits().waiting()).isEqualTo(1);
    assertThat(permits().free()).isZero();
    temporal.newUntypedWorkflowStub(workflow(lost.session())).terminate("in a test");

    assertThat(waiting.result().path("result").asString("")).isEqualTo("the third");

    working.send(frame("control", json().put("action", "interrupt")));
    working.result();
    working.close();
    waiting.close();
    eventually(
        "every permit is back when nobody works",
        Duration.ofSeconds(60),
        () -> permits().free() == CAPACITY && permits().waiting() == 0);
    lost.close();
  }

  private static boolean waitsForAPermit(String session) {
    return platform
            .database()
            .fetchSingle(
                "select count(*) as n from events where session_id = ?::uuid and type = 'session.status' and payload->>'reason' = 'permit'",
                session)
            .get("n", int.class)
        > 0;
  }

  private static SemaphoreView permits() {
    var account =
        platform
            .database()
            .fetchSingle("select account_id from projects")
            .get("account_id", String.class);
    return temporal
        .newWorkflowStub(DeveloperSemaphoreWorkflow.class, WorkflowIds.semaphore(account))
        .status();
  }

  private static String workflow(String session) {
    return WorkflowIds.session(
        new ProjectId(platform.connection().projectId()), new SessionId(session));
  }
}
