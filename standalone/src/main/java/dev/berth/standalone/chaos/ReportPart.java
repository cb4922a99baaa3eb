package dev.berth.standalone.chaos;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run of the kill matrix: what a later one adds to the report is another part.
 *
 * @param commit of the checkout that ran, with {@code +changes} when it had some; null when nobody
 *     knows
 * @param components that might be struck: another choice makes other rounds of the same seed
 * @param first number of its first round
 */
public record ReportPart(
    long seed,
    @Nullable String commit,
    List<Component> components,
    int first,
    List<TrialResult> trials) {
  public ReportPart {
    components = List.copyOf(components);
    trials = List.copyOf(trials);
  }

  /** A run that has done nothing yet. */
  public static ReportPart begin(
      long seed, @Nullable String commit, List<Component> components, int first) {
    return new ReportPart(seed, commit, components, first, List.of());
  }

  /** The number of the next round. */
  int next() {
    return trials.isEmpty() ? first : trials.getLast().round() + 1;
  }

  ReportPart plus(List<TrialResult> round) {
    var longer = new ArrayList<>(trials);
    longer.addAll(round);
    return new ReportPart(seed, commit, components, first, longer);
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
