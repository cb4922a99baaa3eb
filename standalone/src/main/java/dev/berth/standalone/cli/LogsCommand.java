package dev.berth.standalone.cli;

import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code berth logs}. */
@Command(name = "logs", mixinStandardHelpOptions = true, description = "Shows the end of the logs.")
final class LogsCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "PART",
      description =
          "berth, setup, temporal, temporal-ui, postgres, … ; without it all that there are.")
  private @Nullable String part;

  @Option(
      names = {"-f", "--follow"},
      description = "Goes on as they grow.")
  private boolean follow;

  @Option(
      names = {"-n", "--lines"},
      paramLabel = "N",
      description = "How many lines (default: ${DEFAULT-VALUE}).")
  private int lines = 50;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var home = Project.ofEnvironment().home();
    var command = new ArrayList<>(List.of("tail", "-n", String.valueOf(lines)));
    if (follow) {
      command.add("-F");
    }
    if (part != null) {
      if (!Files.exists(home.log(part))) {
        System.err.println("✘ No log %s (expected: one of %s)".formatted(part, names(home.logs())));
        return ExitCode.USAGE;
      }
      command.add(home.log(part).toString());
    } else {
      try (var files = Files.list(home.logs())) {
        files.sorted().forEach(file -> command.add(file.toString()));
      }
    }
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private static String names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return String.join(
          ", ",
          files
              .map(file -> file.getFileName().toString().replaceFirst("\\.log$", ""))
              .sorted()
              .toList());
    }
  }
}
