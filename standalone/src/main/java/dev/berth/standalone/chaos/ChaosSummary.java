package dev.berth.standalone.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a report says to people. */
final class ChaosSummary {
  private final List<ReportPart> parts;
  private final List<TrialResult> trials;

  ChaosSummary(List<ReportPart> parts) {
    this.parts = parts;
    this.trials = parts.stream().flatMap(part -> part.trials().stream()).toList();
  }

  String text() {
    var lines = new ArrayList<String>();
    lines.add("# Kill matrix");
    lines.add("");
    lines.add(
        "Seed %d. %d kills, %d pauses and %d disconnects under %d sessions, %d of them with findings."
            .formatted(
                parts.getLast().seed(),
                struckBy(StrikeKind.KILL),
                struckBy(StrikeKind.PAUSE),
                struckBy(StrikeKind.DISCONNECT),
                trials.size(),
                parts.stream().mapToLong(ReportPart::failures).sum()));
    lines.add("");
    addSessions(lines);
    lines.add("");
    addComponents(lines);
    lines.add("");
    addParts(lines);
    trials.stream()
        .filter(TrialResult::hasFindings)
        .forEach(trial -> {
          lines.add("");
          lines.add("- " + trial.describe());
        });
    return String.join("\n", lines) + "\n";
  }

  private void addSessions(List<String> lines) {
    lines.add(
        "| sessions | recovered | duplicate effects | lost effects | lost or repeated events | orphans | lost permits | ledger difference | of answers | estimates | still open | calls of unknown outcome |");
    lines.add(rule(12, 0));
    lines.add(
        row(
            trials.size(),
            trials.stream().filter(TrialResult::recovered).count(),
            sum(TrialResult::duplicates),
            sum(TrialResult::lost),
            sum(TrialResult::unlogged),
            sum(TrialResult::orphans),
            sum(TrialResult::lostPermits),
            sum(TrialResult::uncharged),
            sum(TrialResult::modelRequests),
            sum(TrialResult::estimated),
            sum(TrialResult::open),
            sum(TrialResult::unknown)));
  }

  private void addComponents(List<String> lines) {
    lines.add(
        "| struck | kills | pauses | disconnects | nothing there | between events | sessions with findings | recovery p50 | p99 |");
    lines.add(rule(9, 1));
    Arrays.stream(Component.values())
        .map(this::ofComponent)
        .filter(Objects::nonNull)
        .forEach(lines::add);
    lines.add("");
    lines.add(
        "A kill is a SIGKILL, a pause a SIGSTOP until the SIGCONT. Recovery is the time from the strike, and so from the begin of a pause, to the next event in the session's log, of a new sandbox where one was lost; of several strikes at once each counts for itself. Between events: after how many of all events of the reference sessions, and before the next, it was killed, or cut off.");
  }

  private void addParts(List<String> lines) {
    lines.add("| commit | strikes | seed | rounds | kills | sessions | with findings |");
    lines.add(rule(7, 2));
    parts.forEach(part ->
        lines.add(
            row(
                part.commit() == null ? "–" : part.commit(),
                part.isSweep() ? "after each event" : "at random",
                part.seed(),
                part.trials().isEmpty() ? "–" : "%d to %d".formatted(part.first(), part.next() - 1),
                part.struckBy(StrikeKind.KILL),
                part.trials().size(),
                part.failures())));
  }

  private long struckBy(StrikeKind way) {
    return parts.stream().mapToLong(part -> part.struckBy(way)).sum();
  }

  private int sum(ToIntFunction<TrialResult> figure) {
    return trials.stream().mapToInt(figure).sum();
  }

  private @Nullable String ofComponent(Component component) {
    var strikes =
        trials.stream()
            .flatMap(trial -> trial.strikes().stream())
            .filter(strike -> strike.component() == component)
            .toList();
    if (strikes.isEmpty()) {
      return null;
    }
    var times =
        strikes.stream().map(StrikeResult::recoveryMs).filter(Objects::nonNull).sorted().toList();
    return row(
        component.name().toLowerCase(Locale.ROOT),
        count(strikes, StrikeKind.KILL),
        count(strikes, StrikeKind.PAUSE),
        count(strikes, StrikeKind.DISCONNECT),
        strikes.stream().filter(strike -> !strike.struck()).count(),
        boundaries(component),
        trials.stream()
            .filter(TrialResult::hasFindings)
            .filter(trial -> trial.hits().anyMatch(strike -> strike.component() == component))
            .count(),
        quantile(times, 0.5),
        quantile(times, 0.99));
  }

  private record Boundary(Reference reference, int event) {}

  /** Known since a sweep counted the events of the sessions that nothing strikes. */
  private String boundaries(Component component) {
    var all =
        parts.reversed().stream()
            .filter(part -> part.components().contains(component))
            .map(ReportPart::boundaries)
            .filter(Objects::nonNull)
            .findFirst();
    if (all.isEmpty()) {
      return "–";
    }
    var struck =
        trials.stream()
            .flatMap(trial ->
                trial.strikes().stream()
                    .filter(strike -> strike.component() == component)
                    .filter(strike -> strike.struck() && strike.kind() != StrikeKind.PAUSE)
                    .map(StrikeResult::afterEvents)
                    .filter(Objects::nonNull)
                    .map(event -> new Boundary(trial.reference(), event)))
            .filter(boundary -> boundary.event() > 0)
            .filter(boundary -> boundary.event() <= all.get().getOrDefault(boundary.reference(), 0))
            .distinct()
            .count();
    return "%d of %d"
        .formatted(struck, all.get().values().stream().mapToInt(Integer::intValue).sum());
  }

  private static long count(List<StrikeResult> strikes, StrikeKind way) {
    return strikes.stream().filter(strike -> strike.struckBy(way)).count();
  }

  private static String quantile(List<Long> sorted, double share) {
    return sorted.isEmpty()
        ? "–"
        : "%d ms".formatted(sorted.get((int) Math.ceil(share * sorted.size()) - 1));
  }

  /** Below the names of columns; words to the left, numbers to the right. */
  private static String rule(int columns, int words) {
    return "| " + "--- | ".repeat(words) + "---: | ".repeat(columns - words).strip();
  }

  private static String row(Object... cells) {
    return Arrays.stream(cells).map(String::valueOf).collect(Collectors.joining(" | ", "| ", " |"));
  }
}
