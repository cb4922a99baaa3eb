package dev.berth.standalone.setup;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.StartFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A platform that was started behind this program, by {@code ./berth up}.
 *
 * @param process the platform's process
 */
public record PlatformProcess(ProcessHandle process, Connection connection) {
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration LOOK = Duration.ofMillis(100);

  /**
   * Starts one and waits until it is ready. It stays when this program ends.
   *
   * @param arguments of {@code ./berth up}
   * @param environment beside this program's own
   * @throws StartFailure when it does not come up
   */
  public static PlatformProcess start(
      Project project, BerthHome home, List<String> arguments, Map<String, String> environment) {
    var log = home.log("up");
    var command =
        new ArrayList<>(List.of("setsid", project.root().resolve("berth").toString(), "up"));
    command.addAll(arguments);
    try {
      var builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()));
      builder.environment().putAll(environment);
      var process = builder.start();
      var deadline = System.nanoTime() + START.toNanos();
      while (System.nanoTime() < deadline && process.isAlive()) {
        var running = Connection.of(home);
        if (running != null) {
          return new PlatformProcess(process.toHandle(), running);
        }
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    } catch (IOException failed) {
      throw new StartFailure(
          "The platform cannot be started: " + failed.getMessage(), "Try ./berth up.", failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    throw new StartFailure(
        "The platform did not come up.", "Look at %s, or try ./berth up.".formatted(log));
  }
}
