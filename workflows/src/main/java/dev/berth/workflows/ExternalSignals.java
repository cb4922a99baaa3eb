package dev.berth.workflows;

import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.Functions;
import io.temporal.workflow.SignalExternalWorkflowException;

/** Signals from one workflow to another that may not exist any more. */
public final class ExternalSignals {
  private ExternalSignals() {}

  /**
   * Sends a signal and waits until the server has it.
   *
   * @param signal a call of an external workflow's stub
   * @return false when there is no such workflow
   */
  public static boolean deliver(Functions.Proc signal) {
    try {
      signal.apply();
      return true;
    } catch (SignalExternalWorkflowException missing) {
      return false;
    } catch (ApplicationFailure missing) {
      // What the SDK makes of the server's refusal, in spite of the exception above.
      return false;
    }
  }
}
