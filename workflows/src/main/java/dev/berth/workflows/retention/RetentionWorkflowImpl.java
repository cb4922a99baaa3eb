package dev.berth.workflows.retention;

import dev.berth.protocol.SessionId;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.ports.RetentionActivities;
import dev.berth.workflows.ports.RetentionActivities.SweepFrom;
import dev.berth.workflows.ports.RetentionActivities.SweepPage;
import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.workflow.ContinueAsNewOptions;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One pass over all sessions; what a pass could not delete the next one can. */
public final class RetentionWorkflowImpl implements RetentionWorkflow {
  /** Three events each in the history. */
  private static final int PAGES_PER_RUN = 1000;

  private static final Duration PAGE = Duration.ofMinutes(10);

  private static final Duration HEARTBEAT = Duration.ofMinutes(1);

  private final RetentionActivities activities =
      Workflow.newActivityStub(
          RetentionActivities.class,
          ActivityOptions.newBuilder()
              .setTaskQueue(TaskQueues.SESSIONS)
              .setStartToCloseTimeout(PAGE)
              .setHeartbeatTimeout(HEARTBEAT)
              .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(5).build())
              .build());

  @Override
  public RetentionResult run(RetentionInput input) {
    var events = input.events();
    var after = input.logsAfter();
    for (var page = 1; ; page++) {
      var cut = activities.cutLogs(new SweepFrom(after));
      events += cut.deleted();
      after = cut.next();
      if (after == null) {
        break;
      }
      if (page == PAGES_PER_RUN) {
        continueAsNew(new RetentionInput(after, events));
      }
    }
    return new RetentionResult(events, workspaces());
  }

  private long workspaces() {
    var deleted = 0L;
    @Nullable SessionId after = null;
    for (var page = 0; page < PAGES_PER_RUN; page++) {
      SweepPage swept = activities.deleteWorkspaces(new SweepFrom(after));
      deleted += swept.deleted();
      after = swept.next();
      if (after == null) {
        break;
      }
    }
    return deleted;
  }

  private static void continueAsNew(RetentionInput carried) {
    Workflow.newContinueAsNewStub(
            RetentionWorkflow.class, ContinueAsNewOptions.newBuilder().build())
        .run(carried);
  }
}
