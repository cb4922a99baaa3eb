package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.bench.Samples.Summary;
import java.util.List;

/**
 * What Berth adds to a tool call. Times in milliseconds, of one call each.
 *
 * @param bare the Agent SDK, without hooks
 * @param hooked the Agent SDK, which asks hooks that say nothing before and after each call
 * @param berth a session of Berth: journalled, and a command has its operation id
 */
public record ToolReport(int rounds, Calls bare, Calls hooked, Calls berth) {
  private static final double BUDGET = 3;

  /**
   * One agent's calls.
   *
   * @param write a file written
   * @param bash a command run
   */
  public record Calls(Summary write, Summary bash) {}

  public String json() {
    return ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
  }

  public String table() {
    return String.join(
        System.lineSeparator(),
        List.of(
            BenchReport.head(),
            BenchReport.row("a  a file written: bare Agent SDK", bare.write()),
            BenchReport.row("b  a file written: with hooks that say nothing", hooked.write()),
            BenchReport.row("c  a file written: Berth", berth.write()),
            BenchReport.row("d  a command run: bare Agent SDK", bare.bash()),
            BenchReport.row("e  a command run: with hooks that say nothing", hooked.bash()),
            BenchReport.row("f  a command run: Berth, with its operation id", berth.bash()),
            "",
            BenchReport.target(
                "c − b, median", berth.write().median() - hooked.write().median(), BUDGET, "ms"),
            added("c − b, p99", berth.write().p99() - hooked.write().p99()),
            added("b − a, median", hooked.write().median() - bare.write().median()),
            added("f − e, median", berth.bash().median() - hooked.bash().median()),
            added("f − e, p99", berth.bash().p99() - hooked.bash().p99())));
  }

  private static String added(String what, double millis) {
    return "  %-22s %8.1f ms".formatted(what, millis);
  }
}
