package dev.berth.standalone.chaos;

import java.util.List;

/**
 * What may have cut the answer of a model to a session.
 *
 * @param strikes that killed or stopped something under it; a client that loses its connection cuts
 *     no answer
 * @param client what its own client cut: an interrupt, or a close while the agent was at work
 * @param atOnce how many answers can be under way at the same time, and so be lost by one cut
 */
record Cuts(int strikes, int client, int atOnce) {
  /**
   * Of a session that ended.
   *
   * @param strikes all that were tried at it and at the platform
   */
  static Cuts of(TrialResult trial, List<StrikeResult> strikes) {
    var hits =
        strikes.stream()
            .filter(strike -> strike.struckBy(StrikeKind.KILL) || strike.struckBy(StrikeKind.PAUSE))
            .count();
    var reference = trial.reference();
    // What did not come to its end was at work when it was closed.
    var client = reference.clientCuts() + (trial.recovered() ? 0 : 1);
    return new Cuts((int) hits, client, reference.requestsAtOnce());
  }

  /** How many answers may be lost at most. */
  int most() {
    return (strikes + client) * atOnce;
  }
}
