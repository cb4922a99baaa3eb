package dev.berth.standalone.setup;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows the steps of a set-up with the time that they take. A step that has nothing to do says
 * nothing; one that takes long says so from time to time.
 */
public final class Steps {
  private static final Duration TICK = Duration.ofSeconds(30);

  private final PrintStream out;
  private final Path log;
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("ticks").factory());

  public Steps(PrintStream out, Path log) {
    this.out = out;
    this.log = log;
  }

  /**
   * Runs a step.
   *
   * @param why shown when the step begins; null for a step that is expected to have nothing to do
   */
  public <T> T step(String name, @Nullable String why, Function<Path, T> step) {
    var started = System.nanoTime();
    if (why != null) {
      say("… %s: %s".formatted(name, why));
    }
    var tick =
        ticks.scheduleAtFixedRate(
            () -> say("… %s: still at it after %s".formatted(name, since(started))),
            TICK.toMillis(),
            TICK.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      var result = step.apply(log);
      if (why != null) {
        say("✔ %s (%s)".formatted(name, since(started)));
      }
      return result;
    } catch (RuntimeException failed) {
      say("✘ %s (%s)".formatted(name, since(started)));
      throw failed;
    } finally {
      tick.cancel(false);
    }
  }

  private synchronized void say(String line) {
    out.println(line);
    out.flush();
  }

  private static String since(long started) {
    var elapsed = Duration.ofNanos(System.nanoTime() - started);
    return elapsed.toMinutes() > 0
        ? "%d min %02d s".formatted(elapsed.toMinutes(), elapsed.toSecondsPart())
        : "%.1f s".formatted(elapsed.toMillis() / 1000.0);
  }
}
