package dev.berth.standalone.testing;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The tool of a stage, bounded in time: one that hangs leaves the threads of its JVMs in the log
 * and ends, so that whoever waits for the result gets one, with its cause.
 *
 * @param limit after which it is ended
 * @param log takes what it says
 */
record StageProcess(List<String> command, Path folder, Duration limit, Path log) {
  private static final Duration TICK = Duration.ofMinutes(1);

  /** For the JVMs to write down their threads. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);

  StageProcess {
    command = List.copyOf(command);
  }

  /** How it ended. */
  sealed interface End {
    record Exited(int status) implements End {}

    record TimedOut(Duration limit) implements End {}
  }

  /**
   * Runs it to its end.
   *
   * @param environment added to this process's own
   * @param out gets a line each minute
   * @param soFar what the line says of the tests
   */
  End run(Map<String, String> environment, PrintStream out, Supplier<String> soFar)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    var process = builder.start();
    var began = System.nanoTime();
    try {
      while (!process.waitFor(TICK.toMillis(), TimeUnit.MILLISECONDS)) {
        var elapsed = Duration.ofNanos(System.nanoTime() - began);
        out.printf("… still at it after %d min: %s%n", elapsed.toMinutes(), soFar.get());
        if (elapsed.compareTo(limit) > 0) {
          quit(process);
          return new End.TimedOut(limit);
        }
      }
      return new End.Exited(process.exitValue());
    } finally {
      end(process);
    }
  }

  /** A JVM answers SIGQUIT with its threads; others end by it. */
  private static void quit(Process process) throws IOException, InterruptedException {
    for (var member : family(process)) {
      if (member.info().command().orElse("").endsWith("/java")) {
        new ProcessBuilder("kill", "-QUIT", String.valueOf(member.pid()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
      }
    }
    process.waitFor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void end(Process process) {
    if (process.isAlive()) {
      family(process).forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static List<ProcessHandle> family(Process process) {
    var family = new ArrayList<>(process.descendants().toList());
    family.add(process.toHandle());
    return family;
  }
}
