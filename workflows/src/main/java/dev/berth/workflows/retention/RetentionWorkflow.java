package dev.berth.workflows.retention;

import dev.berth.protocol.SessionId;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import org.jspecify.annotations.Nullable;

/** Runs on a schedule, once for the installation. */
@WorkflowInterface
public interface RetentionWorkflow {
  @WorkflowMethod(name = "Retention")
  RetentionResult run(RetentionInput input);

  /**
   * What is carried over from run to run.
   *
   * @param logsAfter where the logs go on, null for the first
   * @param events how many events were deleted so far
   */
  record RetentionInput(@Nullable SessionId logsAfter, long events) {
    public static final RetentionInput FIRST = new RetentionInput(null, 0);
  }

  /**
   * @param events how many events were deleted
   * @param workspaces of how many sessions the files were deleted
   */
  record RetentionResult(long events, long workspaces) {}
}
