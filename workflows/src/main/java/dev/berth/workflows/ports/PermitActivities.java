package dev.berth.workflows.ports;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.EndUserId;
import io.temporal.activity.ActivityInterface;
import java.util.List;

/** What the permits of developers need from Temporal itself; any worker can do it. */
@ActivityInterface(namePrefix = "Permit")
public interface PermitActivities {
  /**
   * Asks the semaphore of an account for a permit, and starts it when there is none. The answer
   * comes as a signal.
   *
   * <ul>
   *   <li>Idempotent by {@code (session, request)}.
   *   <li>Fails with {@code UNAVAILABLE} (retryable) when Temporal does not take it.
   * </ul>
   */
  void request(RequestPermitInput input);

  /** Which of the workflows have ended, or do not exist. Who cannot be looked up is not lost. */
  LivingResult lost(LivingInput input);

  /**
   * @param sessionWorkflowId whom the semaphore answers
   * @param requestId names the request in the life of that workflow
   */
  record RequestPermitInput(
      String accountId, String sessionWorkflowId, String requestId, EndUserId endUserId) {
    public RequestPermitInput {
      requireNonNull(accountId, "accountId");
      requireNonNull(sessionWorkflowId, "sessionWorkflowId");
      requireNonNull(requestId, "requestId");
      requireNonNull(endUserId, "endUserId");
    }
  }

  record LivingInput(List<String> workflowIds) {
    public LivingInput {
      workflowIds = List.copyOf(workflowIds);
    }
  }

  record LivingResult(List<String> lost) {
    public LivingResult {
      lost = List.copyOf(lost);
    }
  }
}
