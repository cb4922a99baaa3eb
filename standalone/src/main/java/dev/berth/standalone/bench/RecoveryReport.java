package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.bench.Samples.Summary;
import java.util.List;

/**
 * How fast a killed session goes on. Times in milliseconds.
 *
 * @param bare the bare Agent SDK, {@code docker run} on the session's files to its first message
 * @param berth Berth, kill of the container to the next message of the agent at the client
 */
public record RecoveryReport(int rounds, Summary bare, Summary berth) {
  private static final double RATIO_BUDGET = 1.6;

  /** How many times as long as the bare agent's start Berth takes, kill and all, by the medians. */
  public double ratio() {
    return berth.median() / bare.median();
  }

  public String json() {
    var report = ProtocolJson.mapper().createObjectNode();
    report.put("rounds", rounds);
    report.set("bare", ProtocolJson.mapper().valueToTree(bare));
    report.set("berth", ProtocolJson.mapper().valueToTree(berth));
    report.put("ratio", ratio());
    return ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(report);
  }

  public String table() {
    return String.join(
        System.lineSeparator(),
        List.of(
            BenchReport.head(),
            BenchReport.row("a  bare Agent SDK: cold docker run → first message", bare),
            BenchReport.row("b  Berth: kill of the container → next message", berth),
            "",
            "%s b / a, medians %17.2f (expected: at most %.1f)"
                .formatted(ratio() <= RATIO_BUDGET ? "✔" : "✘", ratio(), RATIO_BUDGET)));
  }
}
