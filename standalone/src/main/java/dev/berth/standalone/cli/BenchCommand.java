package dev.berth.standalone.cli;

import dev.berth.standalone.bench.Bench;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code berth bench}. */
@Command(
    name = "bench",
    subcommands = {BenchToolsCommand.class, BenchRecoveryCommand.class},
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
    var stage = BenchStage.prepare(spec, rounds);
    var report = new Bench(stage.project(), stage.image(), rounds, System.err).run();
    return stage.report("report.json", report.table(), report.json(), json);
  }
}
