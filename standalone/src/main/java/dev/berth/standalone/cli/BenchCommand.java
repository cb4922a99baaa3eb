package dev.berth.standalone.cli;

import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code berth bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures Berth beside the bare Agent SDK, in one run.")
final class BenchCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException, InterruptedException {
    var script = Project.ofEnvironment().root().resolve("tools/bench").toString();
    return new ProcessBuilder(script).inheritIO().start().waitFor();
  }
}
