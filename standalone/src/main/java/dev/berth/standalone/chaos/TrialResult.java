package dev.berth.standalone.chaos;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What became of one session that something was struck under.
 *
 * @param round that it was part of; with the seed it says all that was done
 * @param strikes at this session, and at the platform on its account
 * @param beside strikes at the platform on account of the round's other sessions: they hit this one
 *     too, and are counted there, with times since that one was begun
 * @param recovered whether every message came to its end, and the session took another
 * @param effects lines in the file that the tools append to, and notes of the client's own tool
 * @param unknown calls of which the log says that nobody knows whether they ran
 * @param duplicates effects beyond what the log admits
 * @param lost effects of calls that ran to their end, which are not there
 * @param unlogged events that were lost, repeated or out of order for the client
 * @param orphans containers that the closed session left behind
 * @param modelRequests that the model answered to the end
 * @param estimated rows of the ledger that stand for lost answers
 * @param open model requests of which nobody knew yet what had become of them
 * @param uncharged rows that the ledger lacks, or has too many
 * @param findings what went wrong, in words
 * @param lostPermits that somebody held or waited for when nobody worked any more; counted for the
 *     first session of a round
 */
public record TrialResult(
    int round,
    long seed,
    Reference reference,
    String session,
    List<StrikeResult> strikes,
    List<StrikeResult> beside,
    boolean recovered,
    int effects,
    int unknown,
    int duplicates,
    int lost,
    int unlogged,
    int orphans,
    @JsonProperty("model_requests") int modelRequests,
    int estimated,
    int open,
    int uncharged,
    List<String> findings,
    @JsonProperty("lost_permits") int lostPermits) {
  public TrialResult {
    strikes = List.copyOf(strikes);
    beside = List.copyOf(beside);
    findings = List.copyOf(findings);
  }

  /**
   * The same session, with what only shows when those beside it have ended.
   *
   * @param tooMany rows of the ledger that nothing explains
   */
  TrialResult inItsRound(List<StrikeResult> others, int tooMany, int permits, List<String> found) {
    var all = new ArrayList<>(findings);
    all.addAll(found);
    return new TrialResult(
        round,
        seed,
        reference,
        session,
        strikes,
        others,
        recovered,
        effects,
        unknown,
        duplicates,
        lost,
        unlogged,
        orphans,
        modelRequests,
        estimated,
        open,
        uncharged + tooMany,
        all,
        permits);
  }

  boolean hasFindings() {
    return !findings.isEmpty();
  }

  /** All that hit the session. */
  Stream<StrikeResult> hits() {
    return Stream.concat(strikes.stream(), beside.stream()).filter(StrikeResult::struck);
  }

  /** What failed, what struck when, and how to repeat it. */
  public String describe() {
    return "round %d of seed %d, %s under %s%s, session %s: %s"
        .formatted(
            round,
            seed,
            described(strikes),
            reference,
            beside.isEmpty() ? "" : ", beside it " + described(beside),
            session,
            String.join("; ", findings));
  }

  private static String described(List<StrikeResult> strikes) {
    return strikes.isEmpty()
        ? "nothing"
        : strikes.stream().map(StrikeResult::describe).collect(Collectors.joining(", "));
  }
}
