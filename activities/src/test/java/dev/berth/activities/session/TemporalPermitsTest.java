package dev.berth.activities.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestPayloads;
import dev.berth.protocol.EndUserId;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.ports.PermitActivities.LivingInput;
import dev.berth.workflows.ports.PermitActivities.RequestPermitInput;
import io.temporal.client.WorkflowStub;
import io.temporal.testing.TestWorkflowEnvironment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TemporalPermitsTest {
  private TestWorkflowEnvironment environment;
  private TemporalPermits permits;

  @BeforeEach
  void start() {
    environment = TestWorkflowEnvironment.newInstance(TestPayloads.options());
    permits = new TemporalPermits(environment.getWorkflowClient(), 7);
    var worker = environment.newWorker(TaskQueues.SESSIONS);
    worker.registerWorkflowImplementationTypes(DeveloperSemaphoreWorkflowImpl.class);
    worker.registerActivitiesImplementations(permits);
    environment.start();
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  @Test
  void theFirstRequestOfAnAccountStartsItsSemaphoreWithTheConfiguredCapacity() {
    permits.request(new RequestPermitInput("a1", "nobody", "r/1", new EndUserId("alice")));
    permits.request(new RequestPermitInput("a1", "nobody", "r/1", new EndUserId("alice")));

    var semaphore =
        environment
            .getWorkflowClient()
            .newWorkflowStub(DeveloperSemaphoreWorkflow.class, WorkflowIds.semaphore("a1"));
    assertThat(semaphore.status().capacity()).isEqualTo(7);
  }

  @Test
  void whoHasEndedOrNeverWasIsLostAndWhoRunsIsNot() {
    permits.request(new RequestPermitInput("a1", "nobody", "r/1", new EndUserId("alice")));
    permits.request(new RequestPermitInput("a2", "nobody", "r/1", new EndUserId("alice")));
    var ended = WorkflowIds.semaphore("a2");
    WorkflowStub.fromTyped(
            environment
                .getWorkflowClient()
                .newWorkflowStub(DeveloperSemaphoreWorkflow.class, ended))
        .terminate("in a test");

    var lost =
        permits.lost(new LivingInput(List.of(WorkflowIds.semaphore("a1"), ended, "never/was")));

    assertThat(lost.lost()).containsExactlyInAnyOrder(ended, "never/was");
  }
}
