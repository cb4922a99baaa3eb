package dev.berth.standalone.cli;

import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.setup.PlatformProcess;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The platform that {@code run} needs: the one that runs, or one that is started behind it. */
final class BackgroundPlatform {
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
    return steps.step(
        "platform",
        "starting it in the background",
        log -> PlatformProcess.start(project, project.home(), List.of(), Map.of()).connection());
  }
}
