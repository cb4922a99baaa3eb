package dev.berth.workflows.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.SessionId;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.ports.RetentionActivities;
import dev.berth.workflows.retention.RetentionWorkflow.RetentionInput;
import dev.berth.workflows.retention.RetentionWorkflow.RetentionResult;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RetentionWorkflowTest {
  private static final SessionId ONE = new SessionId(UUID.randomUUID().toString());
  private static final SessionId TWO = new SessionId(UUID.randomUUID().toString());

  /** Two pages of logs, one of workspaces; the first look at the second page fails. */
  private static final class Pages implements RetentionActivities {
    final List<@Nullable SessionId> logs = new ArrayList<>();
    final List<@Nullable SessionId> workspaces = new ArrayList<>();

    @Override
    public synchronized SweepPage cutLogs(SweepFrom from) {
      logs.add(from.after());
      if (from.after() == null) {
        return new SweepPage(1, 10, ONE);
      }
      if (logs.size() == 2) {
        throw new IllegalStateException("the database is away");
      }
      return new SweepPage(0, 5, null);
    }

    @Override
    public synchronized SweepPage deleteWorkspaces(SweepFrom from) {
      workspaces.add(from.after());
      return from.after() == null ? new SweepPage(2, 2, TWO) : new SweepPage(1, 1, null);
    }
  }

  @Test
  void goesThroughAllPagesAndRepeatsOneThatFails() {
    var pages = new Pages();
    var options =
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder()
                    .setDataConverter(TemporalPayloads.converter())
                    .build())
            .build();
    try (var environment = TestWorkflowEnvironment.newInstance(options)) {
      var worker = environment.newWorker(TaskQueues.SESSIONS);
      worker.registerWorkflowImplementationTypes(RetentionWorkflowImpl.class);
      worker.registerActivitiesImplementations(pages);
      environment.start();

      var result =
          environment
              .getWorkflowClient()
              .newWorkflowStub(
                  RetentionWorkflow.class,
                  WorkflowOptions.newBuilder().setTaskQueue(TaskQueues.SESSIONS).build())
              .run(RetentionInput.FIRST);

      assertThat(result).isEqualTo(new RetentionResult(15, 3));
      assertThat(pages.logs).containsExactly(null, ONE, ONE);
      assertThat(pages.workspaces).containsExactly(null, TWO);
    }
  }
}
