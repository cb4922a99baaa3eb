package dev.berth.activities.sandbox;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.ProblemException;
import dev.berth.workflows.Failures;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Tells Temporal that an activity lives while it works. */
final class Heartbeats {
  private static final Duration BEAT = Duration.ofSeconds(2);

  private Heartbeats() {}

  /** Works in another thread, so that this one can say that it lives. */
  static <T> T during(String name, Callable<T> work) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    var task = new FutureTask<>(work);
    Thread.ofVirtual().name(name).start(task);
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
