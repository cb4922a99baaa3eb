package dev.berth.standalone.cli;

import dev.berth.standalone.platform.RunningPlatform;
import dev.berth.standalone.setup.Project;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code berth down}. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description =
        "Ends the platform and its sandboxes; sessions stay and go on after the next start.")
final class DownCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    var home = Project.ofEnvironment().home();
    var running = RunningPlatform.find(home);
    if (running != null) {
      running.end();
      System.out.printf("Ended the platform (pid %d).%n", running.pid());
    } else {
      System.out.println("No platform runs in " + home.root() + ".");
    }
    var removed = RunningPlatform.removeLeftovers(home);
    if (removed > 0) {
      System.out.printf("Removed %d sandboxes.%n", removed);
    }
    return ExitCode.OK;
  }
}
