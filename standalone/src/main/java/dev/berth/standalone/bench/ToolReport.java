package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.bench.Samples.Summary;
import java.util.List;

/**
 * What Berth adds to a tool call. Times in milliseconds, of one call each.
 *
 * @param bareWrite a file written by the bare Agent SDK, without hooks
 * @param berthWrite the same in a session of Berth: journalled
 * @param bareBash a command run by the bare Agent SDK
 * @param berthBash the same in a session of Berth: journalled, with its operation id
 */
public record ToolReport(
    int rounds, Summary bareWrite, Summary berthWrite, Summary bareBash, Summary berthBash) {
  private static final double ADDED_BUDGET_MS = 3;

  public String json() {
    return ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
  }

  public String table() {
    return String.join(
        System.lineSeparator(),
        List.of(
            BenchReport.head(),
            BenchReport.row("a  bare Agent SDK: a file written", bareWrite),
            BenchReport.row("b  Berth: a file written", berthWrite),
            BenchReport.row("c  bare Agent SDK: a command run", bareBash),
            BenchReport.row("d  Berth: a command run, with its operation id", berthBash),
            "",
            BenchReport.target(
                "b − a, median", berthWrite.median() - bareWrite.median(), ADDED_BUDGET_MS, "ms"),
            "  b − a, p99             %8.1f ms".formatted(berthWrite.p99() - bareWrite.p99()),
            "  d − c, median          %8.1f ms".formatted(berthBash.median() - bareBash.median()),
            "  d − c, p99             %8.1f ms".formatted(berthBash.p99() - bareBash.p99())));
  }
}
