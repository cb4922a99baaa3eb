package dev.berth.standalone.cli;

import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.StartFailure;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The platform that {@code run} needs: the one that runs, or one that is started behind it. */
final class BackgroundPlatform {
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration LOOK = Duration.ofMillis(100);

  private BackgroundPlatform() {}

  /**
   * Gives the connection of a running platform.
   *
   * @param quiet says nothing but failures
   */
  static Connection ensure(Project project, boolean quiet) {
    var running = Connection.of(project.home());
    if (running != null) {
      return running;
    }
    var out =
        quiet
            ? new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)
            : System.err;
    var steps = new Steps(out, project.home().log("setup"));
    new SetUp(project, System.getenv(), steps).run();
    return steps.step("platform", "starting it in the background", log -> start(project));
  }

  private static Connection start(Project project) {
    var log = project.home().log("berth").toFile();
    try {
      var process =
          new ProcessBuilder("setsid", project.root().resolve("berth").toString(), "up")
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
              .start();
      var deadline = System.nanoTime() + START.toNanos();
      while (System.nanoTime() < deadline && process.isAlive()) {
        var running = Connection.of(project.home());
        if (running != null) {
          return running;
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
