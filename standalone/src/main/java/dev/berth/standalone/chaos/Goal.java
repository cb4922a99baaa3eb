package dev.berth.standalone.chaos;

import java.util.List;

/**
 * How many kills a run still lacks.
 *
 * @param missing processes that are to be killed yet: strikes that found nothing, pauses and
 *     disconnects do not count
 * @param inVain rounds in a row that killed nothing
 */
public record Goal(long missing, int inVain) {
  /**
   * Each part of the platform has its turn in three rounds; what kills nothing in ten never will.
   */
  private static final int ROUNDS_IN_VAIN = 10;

  public static Goal of(int kills) {
    return new Goal(kills, 0);
  }

  public Goal after(List<TrialResult> round) {
    var kills =
        round.stream()
            .flatMap(trial -> trial.strikes().stream())
            .filter(strike -> strike.struckBy(StrikeKind.KILL))
            .count();
    return new Goal(Math.max(0, missing - kills), kills > 0 ? 0 : inVain + 1);
  }

  public boolean isReached() {
    return missing == 0;
  }

  /** Whether there is nothing left to do: it is reached, or nothing can be killed. */
  public boolean isOver() {
    return isReached() || inVain >= ROUNDS_IN_VAIN;
  }
}
