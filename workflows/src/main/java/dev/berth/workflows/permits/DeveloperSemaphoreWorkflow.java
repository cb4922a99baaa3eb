package dev.berth.workflows.permits;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.EndUserId;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import org.jspecify.annotations.Nullable;

/**
 * The permits of one developer's account: as many sessions work at once as its capacity says, the
 * others wait in the order in which they asked. A session that holds one says nothing until it
 * gives it back; whether it still exists is looked up while somebody waits.
 */
@WorkflowInterface
public interface DeveloperSemaphoreWorkflow {
  /** Runs for ever: an idle semaphore is one sleeping workflow. */
  @WorkflowMethod(name = "DeveloperSemaphore")
  void run(SemaphoreInput input);

  /**
   * Asks for a permit, with start; the answer is {@link PermitHolder#permitGranted} or {@link
   * PermitHolder#permitQueued}. A session has one permit, so its next request takes the place of
   * the one before, and the same request again is only answered again.
   */
  @SignalMethod
  void request(PermitRequest request);

  /** Gives a permit back, or takes a request back; what is not known is ignored. */
  @SignalMethod
  void release(PermitRelease release);

  @QueryMethod
  SemaphoreView status();

  /**
   * @param carried what the run before this one knew; null in the first run
   */
  record SemaphoreInput(String accountId, @Nullable SemaphoreState carried) {
    public SemaphoreInput {
      requireNonNull(accountId, "accountId");
    }
  }

  /**
   * @param sessionWorkflowId whom to answer
   * @param requestId names the request in the life of that workflow
   * @param capacity the account's, as it is configured now: a changed one holds from here on
   */
  record PermitRequest(
      String sessionWorkflowId, String requestId, EndUserId endUserId, int capacity) {
    public PermitRequest {
      requireNonNull(sessionWorkflowId, "sessionWorkflowId");
      requireNonNull(requestId, "requestId");
      requireNonNull(endUserId, "endUserId");
    }
  }

  record PermitRelease(String sessionWorkflowId, String requestId) {
    public PermitRelease {
      requireNonNull(sessionWorkflowId, "sessionWorkflowId");
      requireNonNull(requestId, "requestId");
    }
  }

  /**
   * @param free permits that nobody holds; below 0 while more are held than a lowered capacity
   * @param granted permits that were given, ever
   */
  record SemaphoreView(int capacity, int free, int waiting, long granted) {}
}
