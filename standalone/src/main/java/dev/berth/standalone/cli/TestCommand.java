package dev.berth.standalone.cli;

import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code berth test}. */
@Command(
    name = "test",
    mixinStandardHelpOptions = true,
    description = "Runs every test; the last line counts them.")
final class TestCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException, InterruptedException {
    var script = Project.ofEnvironment().root().resolve("tools/test").toString();
    return new ProcessBuilder(script).inheritIO().start().waitFor();
  }
}
