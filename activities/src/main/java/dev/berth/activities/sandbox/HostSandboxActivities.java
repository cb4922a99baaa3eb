package dev.berth.activities.sandbox;

import static java.util.Objects.requireNonNull;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.protocol.ProblemException;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.SandboxActivities;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Starts and stops the sandboxes of this host for the sessions that ask. */
public final class HostSandboxActivities implements SandboxActivities {
  private static final Duration BEAT = Duration.ofSeconds(2);

  private final HostSandboxes sandboxes;

  public HostSandboxActivities(HostSandboxes sandboxes) {
    this.sandboxes = sandboxes;
  }

  @Override
  public SandboxStarted start(StartSandboxInput input) {
    var serving =
        new Serving(input.projectId(), input.sessionId(), input.sandboxId(), input.epoch());
    return new SandboxStarted(withHeartbeats(() -> sandboxes.start(serving, input.resumeReason())));
  }

  @Override
  public SandboxStopped stop(StopSandboxInput input) {
    return new SandboxStopped(
        withHeartbeats(() -> sandboxes.stop(input.sessionId(), input.sandboxId(), input.reason())));
  }

  /** Works in another thread, so that Temporal hears that this one lives. */
  private static <T> T withHeartbeats(Callable<T> work) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    var task = new FutureTask<>(work);
    Thread.ofVirtual().name("sandbox-work").start(task);
    while (true) {
      try {
        return task.get(BEAT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException notYet) {
        context.heartbeat(null);
      } catch (ExecutionException failed) {
        throw failure(requireNonNull(failed.getCause()));
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("the worker is shutting down", interrupted);
      }
    }
  }

  private static RuntimeException failure(Throwable cause) {
    return switch (cause) {
      case ProblemException refused -> Failures.of(refused.problem());
      case RuntimeException broken -> broken;
      default -> new IllegalStateException(cause);
    };
  }
}
