package dev.berth.workflows.permits;

import static java.util.Objects.requireNonNull;

import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.WorkflowInterface;

/**
 * What a semaphore tells those who ask it for permits. Signals, because they arrive while no worker
 * runs.
 */
@WorkflowInterface
public interface PermitHolder {
  /**
   * The permit is the session's until it gives it back. One that is not asked for any more is given
   * back at once.
   */
  @SignalMethod
  void permitGranted(PermitGranted granted);

  /** All permits are held; a grant follows when it is the session's turn. */
  @SignalMethod
  void permitQueued(PermitQueued queued);

  /** Somebody waits: a session that is idle gives its permit back, one that works when it is. */
  @SignalMethod
  void permitWanted(PermitWanted wanted);

  /**
   * @param wanted whether somebody waits already
   */
  record PermitGranted(String requestId, boolean wanted) {
    public PermitGranted {
      requireNonNull(requestId, "requestId");
    }
  }

  record PermitQueued(String requestId) {
    public PermitQueued {
      requireNonNull(requestId, "requestId");
    }
  }

  record PermitWanted(String requestId) {
    public PermitWanted {
      requireNonNull(requestId, "requestId");
    }
  }
}
