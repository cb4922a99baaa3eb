package dev.berth.standalone.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What can be said of the sessions of a round only when all of them have ended: what is struck at
 * the platform on account of one hits the others too.
 */
final class SideBySide {
  private SideBySide() {}

  /**
   * Judges a round.
   *
   * @param lostPermits of all of its sessions together
   */
  static List<TrialResult> judge(List<TrialResult> round, int lostPermits) {
    return IntStream.range(0, round.size())
        .mapToObj(index -> judge(round, index, index == 0 ? lostPermits : 0))
        .toList();
  }

  private static TrialResult judge(List<TrialResult> round, int index, int lostPermits) {
    var trial = round.get(index);
    var oracle = new Oracle();
    var beside = atThePlatform(others(round, index));
    var strikes = Stream.concat(trial.strikes().stream(), beside.stream()).toList();
    var tooMany = oracle.lostAnswers(trial.estimated() + trial.open(), Cuts.of(trial, strikes));
    var permits = oracle.permits(lostPermits);
    return trial.inItsRound(beside, tooMany, permits, oracle.findings());
  }

  private static List<TrialResult> others(List<TrialResult> round, int index) {
    var others = new ArrayList<>(round);
    others.remove(index);
    return others;
  }

  private static List<StrikeResult> atThePlatform(List<TrialResult> trials) {
    return trials.stream()
        .flatMap(trial -> trial.strikes().stream())
        .filter(strike -> !strike.component().isOfOneSession())
        .toList();
  }
}
