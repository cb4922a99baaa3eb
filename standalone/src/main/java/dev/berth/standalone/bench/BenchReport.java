package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.bench.Samples.Summary;
import java.util.List;

/**
 * What a bench found. Times in milliseconds, memory in bytes.
 *
 * @param bareFirst the bare Agent SDK, {@code docker run} to its first event
 * @param berthFirst Berth, session create to its first event
 * @param bareTurn a later turn of the bare Agent SDK, in one process
 * @param berthTurn a later turn of Berth, over the WebSocket
 * @param eventLag from an event's row to a client that follows the session
 * @param memoryAfterStart of the platform, right after its start
 * @param memoryAfterRun of the platform, after the last session, without sandboxes
 */
public record BenchReport(
    int rounds,
    Summary bareFirst,
    Summary berthFirst,
    Summary bareTurn,
    Summary berthTurn,
    Summary eventLag,
    long memoryAfterStart,
    long memoryAfterRun) {
  private static final double FIRST_BUDGET_MS = 250;
  private static final double TURN_BUDGET_MS = 60;
  private static final double LAG_BUDGET_MS = 10;
  private static final double MEBI = 1024.0 * 1024;
  private static final double MEMORY_BUDGET_MIB = 1536;

  public String json() {
    return ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
  }

  public String table() {
    var lines =
        List.of(
            head(),
            row("a  bare Agent SDK: docker run → first event", bareFirst),
            row("b  Berth: session create → first event", berthFirst),
            row("c  bare Agent SDK: later turn, one process", bareTurn),
            row("d  Berth: later turn over the WebSocket", berthTurn),
            row("e  Berth: event written → client has it", eventLag),
            "",
            target("b − a", berthFirst.median() - bareFirst.median(), FIRST_BUDGET_MS, "ms"),
            target("d − c", berthTurn.median() - bareTurn.median(), TURN_BUDGET_MS, "ms"),
            target("e", eventLag.median(), LAG_BUDGET_MS, "ms"),
            target("memory after start", memoryAfterStart / MEBI, MEMORY_BUDGET_MIB, "MiB"),
            target("memory after the run", memoryAfterRun / MEBI, MEMORY_BUDGET_MIB, "MiB"));
    return String.join(System.lineSeparator(), lines);
  }

  static String head() {
    return "%-52s %7s %9s %9s %9s".formatted("", "samples", "median", "p99", "max");
  }

  static String row(String name, Summary summary) {
    return "%-52s %7d %6.1f ms %6.1f ms %6.1f ms"
        .formatted(name, summary.samples(), summary.median(), summary.p99(), summary.max());
  }

  static String target(String name, double value, double budget, String unit) {
    return "%s %-22s %8.1f %s (expected: at most %.0f)"
        .formatted(value <= budget ? "✔" : "✘", name, value, unit, budget);
  }
}
