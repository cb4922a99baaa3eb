package dev.berth.standalone.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The platform of another process. */
public final class RunningPlatform {
  private static final Duration GRACE = Duration.ofSeconds(45);

  private final ProcessHandle process;

  private RunningPlatform(ProcessHandle process) {
    this.process = process;
  }

  /** The platform that runs in the home, or null. */
  public static @Nullable RunningPlatform find(BerthHome home) {
    var connection = Connection.of(home);
    return connection == null
        ? null
        : ProcessHandle.of(connection.pid()).map(RunningPlatform::new).orElse(null);
  }

  public long pid() {
    return process.pid();
  }

  /** Asks it to end, and insists when it takes too long. */
  public void end() {
    process.destroy();
    try {
      process.onExit().get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException slow) {
      process.destroyForcibly();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Removes what a platform leaves on the machine outside its home: sandboxes and sockets; and ends
   * the children of one that was killed.
   *
   * @return how many sandboxes were removed
   */
  public static int removeLeftovers(BerthHome home) {
    endLeftovers(home);
    var sandboxes =
        Shell.lines(
            "docker", "ps", "-aq", "--filter", "label=berth.installation=" + home.installation());
    if (!sandboxes.isEmpty()) {
      var command = new ArrayList<>(List.of("docker", "rm", "-f"));
      command.addAll(sandboxes);
      Shell.lines(command.toArray(String[]::new));
    }
    delete(home.sockets());
    return sandboxes.size();
  }

  /** Removes the databases and objects of a platform that does not run. */
  public static void removeData(BerthHome home) {
    delete(home.root().resolve("data"));
  }

  /** Ends the processes that a killed platform left behind; their ports are free after it. */
  static void endLeftovers(BerthHome home) {
    ChildProcess.endLeftovers(home);
    PostgresServer.endLeftover(home.data("postgres"));
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot delete " + folder, failed);
    }
  }
}
