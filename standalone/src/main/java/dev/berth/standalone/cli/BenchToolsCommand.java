package dev.berth.standalone.cli;

import dev.berth.standalone.bench.ToolBench;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code berth bench tools}. */
@Command(
    name = "tools",
    mixinStandardHelpOptions = true,
    description = {
      "Measures what the tool journal adds to a tool call, beside the bare Agent SDK without hooks, and with hooks that do nothing.",
      "The report is printed as a table and written as JSON to BERTH_HOME/bench/tools.json."
    })
final class BenchToolsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Turns of 21 calls of each kind, after three that only warm up (default: ${DEFAULT-VALUE}).")
  private int rounds = 20;

  @Option(names = "--json", description = "Prints the JSON, and nothing else, on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var stage = BenchStage.prepare(spec, rounds);
    var report = new ToolBench(stage.project(), stage.image(), rounds, System.err).run();
    return stage.report("tools.json", report.table(), report.json(), json);
  }
}
