package dev.berth.activities.session;

import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRequest;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.SemaphoreInput;
import dev.berth.workflows.ports.PermitActivities;
import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowNotFoundException;
import io.temporal.client.WorkflowOptions;

/** Permits, as Temporal's semaphore workflows keep them. A failure of Temporal's is tried again. */
public final class TemporalPermits implements PermitActivities {
  private final WorkflowClient temporal;
  private final int capacity;

  /**
   * @param capacity sessions of one account that work at the same time
   */
  public TemporalPermits(WorkflowClient temporal, int capacity) {
    this.temporal = temporal;
    this.capacity = capacity;
  }

  @Override
  public void request(RequestPermitInput input) {
    var semaphore =
        temporal.newWorkflowStub(
            DeveloperSemaphoreWorkflow.class,
            WorkflowOptions.newBuilder()
                .setWorkflowId(WorkflowIds.semaphore(input.accountId()))
                .setTaskQueue(TaskQueues.SESSIONS)
                .setStaticSummary("permits of " + input.accountId())
                .build());
    var request = temporal.newSignalWithStartRequest();
    request.add(semaphore::run, new SemaphoreInput(input.accountId(), null));
    request.add(
        semaphore::request,
        new PermitRequest(
            input.sessionWorkflowId(), input.requestId(), input.endUserId(), capacity));
    temporal.signalWithStart(request);
  }

  @Override
  public LivingResult lost(LivingInput input) {
    return new LivingResult(input.workflowIds().stream().filter(this::isLost).toList());
  }

  /** The latest run counts: one that continued as new lives. */
  private boolean isLost(String workflowId) {
    try {
      return temporal.newUntypedWorkflowStub(workflowId).describe().getStatus()
          != WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
    } catch (WorkflowNotFoundException missing) {
      return true;
    }
  }
}
