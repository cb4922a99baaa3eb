package dev.berth.workflows;

import io.temporal.workflow.CompletablePromise;
import io.temporal.workflow.TimerOptions;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A wait for a condition or for a time. Unlike {@code Workflow.await} with a time it cancels its
 * timer when the condition comes first (temporalio/sdk-java#2312): a session's timers are long, and
 * each that is left running wakes its workflow for nothing.
 */
public final class TimedWait {
  private TimedWait() {}

  /**
   * Waits until the condition holds, at most this long.
   *
   * @param summary tells in the Temporal UI what the timer is for
   * @return whether the condition holds
   */
  public static boolean await(Duration atMost, String summary, Supplier<Boolean> condition) {
    if (condition.get()) {
      return true;
    }
    CompletablePromise<Void> timer = Workflow.newPromise();
    var scope =
        Workflow.newCancellationScope(() ->
            timer.completeFrom(
                Workflow.newTimer(atMost, TimerOptions.newBuilder().setSummary(summary).build())
                    // A failure that nobody looks at is logged as a warning.
                    .handle((fired, cancelled) -> null)));
    scope.run();
    Workflow.await(() -> timer.isCompleted() || condition.get());
    var holds = condition.get();
    if (!timer.isCompleted()) {
      scope.cancel();
    }
    return holds;
  }
}
