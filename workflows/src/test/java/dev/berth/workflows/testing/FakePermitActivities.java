package dev.berth.workflows.testing;

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

/** Permits on the test server, with a capacity that a test may change. */
public final class FakePermitActivities implements PermitActivities {
  private final WorkflowClient temporal;
  private volatile int capacity;

  public FakePermitActivities(WorkflowClient temporal, int capacity) {
    this.temporal = temporal;
    this.capacity = capacity;
  }

  public void setCapacity(int changed) {
    capacity = changed;
  }

  @Override
  public void request(RequestPermitInput input) {
    var semaphore =
        temporal.newWorkflowStub(
            DeveloperSemaphoreWorkflow.class,
            WorkflowOptions.newBuilder()
                .setWorkflowId(WorkflowIds.semaphore(input.accountId()))
                .setTaskQueue(TaskQueues.SESSIONS)
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

  private boolean isLost(String workflowId) {
    try {
      return temporal.newUntypedWorkflowStub(workflowId).describe().getStatus()
          != WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
    } catch (WorkflowNotFoundException missing) {
      return true;
    }
  }
}
