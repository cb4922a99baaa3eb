package dev.berth.workflows.reconcile;

import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.ports.HostActivities;
import dev.berth.workflows.ports.HostActivities.SweepInput;
import dev.berth.workflows.ports.HostActivities.SweepResult;
import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.workflow.Workflow;
import java.time.Duration;

/** One sweep; the next tick of the schedule is the retry. */
public final class ReconcileHostWorkflowImpl implements ReconcileHostWorkflow {
  private static final Duration SWEEP = Duration.ofSeconds(50);

  @Override
  public SweepResult run(ReconcileHostInput input) {
    return Workflow.newActivityStub(
            HostActivities.class,
            ActivityOptions.newBuilder()
                .setTaskQueue(TaskQueues.host(input.hostId()))
                .setScheduleToCloseTimeout(SWEEP)
                .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(1).build())
                .setSummary("sweep " + input.hostId())
                .build())
        .sweep(new SweepInput(input.hostId()));
  }
}
