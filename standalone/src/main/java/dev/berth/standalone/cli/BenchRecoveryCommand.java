package dev.berth.standalone.cli;

import dev.berth.standalone.bench.RecoveryBench;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code berth bench recovery}. */
@Command(
    name = "recovery",
    mixinStandardHelpOptions = true,
    description = {
      "Measures how long a session stands still whose container is killed, beside a cold start of the bare Agent SDK.",
      "The report is printed as a table and written as JSON to BERTH_HOME/bench/recovery.json."
    })
final class BenchRecoveryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Kills of each kind, after three that only warm up (default: ${DEFAULT-VALUE}).")
  private int rounds = 20;

  @Option(names = "--json", description = "Prints the JSON, and nothing else, on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var stage = BenchStage.prepare(spec, rounds);
    var report = new RecoveryBench(stage.project(), stage.image(), rounds, System.err).run();
    return stage.report("recovery.json", report.table(), report.json(), json);
  }
}
