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

  /** The number of the next trial. */
  public int next() {
    return trials.isEmpty() ? 0 : trials.getLast().number() + 1;
  }

  public ChaosReport plus(TrialResult trial) {
    var longer = new ArrayList<>(trials);
    longer.add(trial);
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
    lines.add("Seed %d. %d trials, %d with findings.".formatted(seed, trials.size(), failures()));
    lines.add("");
    lines.add(
        "| killed | trials | struck | recovered | duplicate effects | lost or repeated events | orphans | lost permits | ledger difference | of answers | estimates | recovery p50 | p99 |");
    lines.add(
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    Arrays.stream(Component.values())
        .map(component ->
            row(
                component.name().toLowerCase(Locale.ROOT),
                trials.stream().filter(trial -> trial.component() == component).toList()))
        .filter(Objects::nonNull)
        .forEach(lines::add);
    lines.add(Objects.requireNonNullElse(row("all", trials), ""));
    lines.add("");
    lines.add(
        "Recovery is the time from the strike to the next event in the log. %d calls were of unknown outcome, and the model was told."
            .formatted(trials.stream().mapToInt(TrialResult::unknown).sum()));
    trials.stream()
        .filter(trial -> !trial.findings().isEmpty())
        .forEach(trial -> {
          lines.add("");
          lines.add(
              "- %d: %s, %s, %s%s, session %s: %s"
                  .formatted(
                      trial.number(),
                      trial.component(),
                      trial.reference(),
                      trial.moment(),
                      trial.pauseMs() == null
                          ? ""
                          : ", stopped for %d ms".formatted(trial.pauseMs()),
                      trial.session(),
                      String.join("; ", trial.findings())));
        });
    return String.join("\n", lines) + "\n";
  }

  private static @Nullable String row(String name, List<TrialResult> trials) {
    if (trials.isEmpty()) {
      return null;
    }
    var times =
        trials.stream().map(TrialResult::recoveryMs).filter(Objects::nonNull).sorted().toList();
    return "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %s | %s |"
        .formatted(
            name,
            trials.size(),
            trials.stream().filter(TrialResult::struck).count(),
            trials.stream().filter(TrialResult::recovered).count(),
            trials.stream().mapToInt(TrialResult::duplicates).sum(),
            trials.stream().mapToInt(TrialResult::unlogged).sum(),
            trials.stream().mapToInt(TrialResult::orphans).sum(),
            trials.stream().mapToInt(TrialResult::lostPermits).sum(),
            trials.stream().mapToInt(TrialResult::uncharged).sum(),
            trials.stream().mapToInt(TrialResult::modelRequests).sum(),
            trials.stream().mapToInt(TrialResult::estimated).sum(),
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
