package dev.berth.standalone.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of the kill matrix: what a later one adds to the report is another part.
 *
 * @param commit of the checkout that ran, with {@code +changes} when it had some; null when nobody
 *     knows
 * @param components that might be struck: another choice makes other rounds of the same seed
 * @param first number of its first round
 * @param boundaries of a sweep: how many events each reference session has when nothing is struck,
 *     as it measured them; null for strikes at random
 */
public record ReportPart(
    long seed,
    @Nullable String commit,
    List<Component> components,
    int first,
    @Nullable Map<Reference, Integer> boundaries,
    List<TrialResult> trials) {
  public ReportPart {
    components = List.copyOf(components);
    boundaries = boundaries == null ? null : Map.copyOf(boundaries);
    trials = List.copyOf(trials);
  }

  /** A run that has done nothing yet, and strikes at random. */
  public static ReportPart begin(
      long seed, @Nullable String commit, List<Component> components, int first) {
    return new ReportPart(seed, commit, components, first, null, List.of());
  }

  /** The same, as a sweep over so many events of each reference session. */
  ReportPart over(Map<Reference, Integer> events) {
    return new ReportPart(seed, commit, components, first, events, trials);
  }

  boolean isSweep() {
    return boundaries != null;
  }

  /** The number of the next round. */
  int next() {
    return trials.isEmpty() ? first : trials.getLast().round() + 1;
  }

  ReportPart plus(List<TrialResult> round) {
    var longer = new ArrayList<>(trials);
    longer.addAll(round);
    return new ReportPart(seed, commit, components, first, boundaries, longer);
  }

  long struckBy(StrikeKind way) {
    return trials.stream()
        .flatMap(trial -> trial.strikes().stream())
        .filter(strike -> strike.struckBy(way))
        .count();
  }

  long failures() {
    return trials.stream().filter(TrialResult::hasFindings).count();
  }
}
