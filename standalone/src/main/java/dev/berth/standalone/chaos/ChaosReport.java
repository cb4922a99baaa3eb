package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * All trials so far, as JSON to go on from and as Markdown to read.
 *
 * @param seed of all of them
 */
public record ChaosReport(long seed, List<TrialResult> trials) {
  public ChaosReport {
    trials = List.copyOf(trials);
  }

  /** The report in the JSON beside this Markdown file, or null. */
  public static @Nullable ChaosReport read(Path markdown) throws IOException {
    var json = json(markdown);
    return Files.exists(json)
        ? ProtocolJson.mapper().readValue(Files.readString(json), ChaosReport.class)
        : null;
  }

  /** The number of the next round. */
  public int next() {
    return trials.isEmpty() ? 0 : trials.getLast().round() + 1;
  }

  /** How often something was killed, or stopped. */
  public long kills() {
    return trials.stream()
        .flatMap(trial -> trial.strikes().stream())
        .filter(StrikeResult::struck)
        .count();
  }

  public ChaosReport plus(List<TrialResult> round) {
    var longer = new ArrayList<>(trials);
    longer.addAll(round);
    return new ChaosReport(seed, longer);
  }

  public long failures() {
    return trials.stream().filter(trial -> !trial.findings().isEmpty()).count();
  }

  public void write(Path markdown) throws IOException {
    if (markdown.getParent() != null) {
      Files.createDirectories(markdown.getParent());
    }
    Files.writeString(markdown, summary());
    var json = ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
    Files.writeString(json(markdown), json + "\n");
  }

  /** The table and what went wrong. */
  public String summary() {
    var lines = new ArrayList<String>();
    lines.add("# Kill matrix");
    lines.add("");
    lines.add(
        "Seed %d. %d kills under %d sessions, %d of them with findings."
            .formatted(seed, kills(), trials.size(), failures()));
    lines.add("");
    lines.add(
        "| sessions | recovered | duplicate effects | lost effects | lost or repeated events | orphans | lost permits | ledger difference | of answers | estimates | calls of unknown outcome |");
    lines.add("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    lines.add(
        "| %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |"
            .formatted(
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
                sum(TrialResult::unknown)));
    lines.add("");
    lines.add("| killed | times | nothing there | sessions with findings | recovery p50 | p99 |");
    lines.add("| --- | ---: | ---: | ---: | ---: | ---: |");
    Arrays.stream(Component.values()).map(this::row).filter(Objects::nonNull).forEach(lines::add);
    lines.add("");
    lines.add(
        "Recovery is the time from the strike to the next event in the session's log, of a new sandbox where one was lost; of several strikes at once each counts for itself.");
    trials.stream()
        .filter(trial -> !trial.findings().isEmpty())
        .forEach(trial -> {
          lines.add("");
          lines.add("- " + trial.describe());
        });
    return String.join("\n", lines) + "\n";
  }

  private int sum(ToIntFunction<TrialResult> figure) {
    return trials.stream().mapToInt(figure).sum();
  }

  private @Nullable String row(Component component) {
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
    return "| %s | %d | %d | %d | %s | %s |"
        .formatted(
            component.name().toLowerCase(Locale.ROOT),
            strikes.stream().filter(StrikeResult::struck).count(),
            strikes.stream().filter(strike -> !strike.struck()).count(),
            trials.stream()
                .filter(trial -> !trial.findings().isEmpty())
                .filter(trial ->
                    trial.strikes().stream().anyMatch(strike -> strike.component() == component))
                .count(),
            quantile(times, 0.5),
            quantile(times, 0.99));
  }

  private static String quantile(List<Long> sorted, double share) {
    return sorted.isEmpty()
        ? "–"
        : "%d ms".formatted(sorted.get((int) Math.ceil(share * sorted.size()) - 1));
  }

  private static Path json(Path markdown) {
    return markdown.resolveSibling(markdown.getFileName() + ".json");
  }
}
