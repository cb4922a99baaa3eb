package dev.berth.workflows;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import io.temporal.api.enums.v1.TimeoutType;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TimeoutFailure;
import java.util.Optional;

/**
 * The form in which problems pass through Temporal: an {@code ApplicationFailure} whose type is the
 * name of the catalogue's entry and whose first detail is the {@link Problem}.
 */
public final class Failures {
  private Failures() {}

  /** Why a sandbox was lost under an activity; the second detail of such a failure. */
  public record SandboxLoss(SandboxEndReason reason, String detail) {}

  /** A problem that a repeat of the activity may cure, when its type says so. */
  public static ApplicationFailure of(Problem problem) {
    return ApplicationFailure.newBuilder()
        .setType(problem.type().name())
        .setMessage(problem.message())
        .setDetails(problem)
        .setNonRetryable(!problem.type().retryable())
        .build();
  }

  /**
   * A part of the platform is away: the workflow waits for it, in its own way, rather than Temporal
   * by repeating the activity.
   */
  public static ApplicationFailure away(Problem problem) {
    return ApplicationFailure.newBuilder()
        .setType(problem.type().name())
        .setMessage(problem.message())
        .setDetails(problem)
        .setNonRetryable(true)
        .build();
  }

  /** The sandbox is gone: repeating the activity is useless, the workflow must act. */
  public static ApplicationFailure sandboxLost(SandboxEndReason reason, String detail) {
    return ApplicationFailure.newBuilder()
        .setType(ProblemType.SANDBOX_LOST.name())
        .setMessage(detail)
        .setDetails(new Problem(ProblemType.SANDBOX_LOST, detail), new SandboxLoss(reason, detail))
        .setNonRetryable(true)
        .build();
  }

  /** The problem inside the failure of an activity or an update. */
  public static Problem problem(Exception failure) {
    return application(failure)
        .map(application -> application.getDetails().get(0, Problem.class))
        .orElseGet(() -> new Problem(timedOut(failure), text(failure)));
  }

  /** Whether the activity took longer than all its attempts together may. */
  public static boolean isOverTime(ActivityFailure failure) {
    return failure.getCause() instanceof TimeoutFailure timeout
        && timeout.getTimeoutType() == TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
  }

  /** Whether nobody took the activity up, or nobody is at it any more. */
  public static boolean isSilence(ActivityFailure failure) {
    return failure.getCause() instanceof TimeoutFailure;
  }

  /**
   * How the sandbox was lost, when that is what the failure says: its host does not take work any
   * more, its worker is gone for good, or the worker saw it end.
   */
  public static Optional<SandboxLoss> sandboxLoss(ActivityFailure failure) {
    if (failure.getCause() instanceof TimeoutFailure timeout) {
      return Optional.of(
          new SandboxLoss(SandboxEndReason.HOST_LOST, "no answer: " + timeout.getTimeoutType()));
    }
    return application(failure)
        .filter(application -> application.getType().equals(ProblemType.SANDBOX_LOST.name()))
        .map(application -> application.getDetails().get(1, SandboxLoss.class));
  }

  private static Optional<ApplicationFailure> application(Throwable failure) {
    return failure.getCause() instanceof ApplicationFailure application
            && isProblem(application.getType())
        ? Optional.of(application)
        : Optional.empty();
  }

  private static boolean isProblem(String type) {
    for (var problem : ProblemType.values()) {
      if (problem.name().equals(type)) {
        return true;
      }
    }
    return false;
  }

  private static ProblemType timedOut(Exception failure) {
    return failure.getCause() instanceof TimeoutFailure
        ? ProblemType.TIMED_OUT
        : ProblemType.INTERNAL;
  }

  private static String text(Exception failure) {
    var cause = failure.getCause();
    return String.valueOf(cause == null ? failure.getMessage() : cause.getMessage());
  }
}
