package dev.berth.standalone.cli;

import dev.berth.standalone.bench.Bench;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.TemporalSource;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code berth bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures Berth beside the bare Agent SDK, in one run, on a platform of its own with the practice model.",
      "The report is printed as a table and written as JSON to BERTH_HOME/bench/report.json."
    })
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Sessions of each kind, after five that only warm up (default: ${DEFAULT-VALUE}).")
  private int rounds = 20;

  @Option(names = "--json", description = "Prints the JSON, and nothing else, on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (rounds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--rounds: %d (expected: at least 1)".formatted(rounds));
    }
    var project = Project.ofEnvironment();
    var steps = new Steps(System.err, project.home().log("setup"));
    var image = new SetUp(project, System.getenv(), steps).run();
    if (TemporalSource.of(project.home(), System.getenv()) instanceof TemporalSource.Development) {
      System.err.println(DevelopmentTemporalNote.TEXT);
    }
    if (Connection.of(project.home()) != null) {
      System.err.println(
          "! A platform runs in this home and takes its share of the machine; ./berth down ends it.");
    }
    var report = new Bench(project, image, rounds, System.err).run();
    var file = project.home().root().resolve("bench/report.json");
    Files.writeString(file, report.json() + "\n");
    System.out.println(json ? report.json() : report.table());
    System.err.println("JSON: " + file);
    return ExitCode.OK;
  }
}
