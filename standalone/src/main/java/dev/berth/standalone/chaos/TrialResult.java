package dev.berth.standalone.chaos;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;

/**
 * What became of one session that something was killed under.
 *
 * @param round that it was part of; with the seed it says all that was done
 * @param strikes at this session, and at the platform on its account
 * @param recovered whether every message came to its end, and the session took another
 * @param effects lines in the file that the tools append to, and notes of the client's own tool
 * @param unknown calls of which the log says that nobody knows whether they ran
 * @param duplicates effects beyond what the log admits
 * @param lost effects of calls that ran to their end, which are not there
 * @param unlogged events that were lost, repeated or out of order for the client
 * @param orphans containers that the closed session left behind
 * @param modelRequests that the model answered to the end
 * @param estimated rows of the ledger that stand for lost answers
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
    boolean recovered,
    int effects,
    int unknown,
    int duplicates,
    int lost,
    int unlogged,
    int orphans,
    @JsonProperty("model_requests") int modelRequests,
    int estimated,
    int uncharged,
    List<String> findings,
    @JsonProperty("lost_permits") int lostPermits) {
  public TrialResult {
    strikes = List.copyOf(strikes);
    findings = List.copyOf(findings);
  }

  /** The same session, when its round left permits behind. */
  TrialResult withLostPermits(int permits, List<String> found) {
    var all = new ArrayList<>(findings);
    all.addAll(found);
    return new TrialResult(
        round,
        seed,
        reference,
        session,
        strikes,
        recovered,
        effects,
        unknown,
        duplicates,
        lost,
        unlogged,
        orphans,
        modelRequests,
        estimated,
        uncharged,
        all,
        permits);
  }

  /** What failed and how to repeat it. */
  public String describe() {
    return "round %d of seed %d, %s under %s, session %s: %s"
        .formatted(
            round,
            seed,
            String.join(", ", strikes.stream().map(StrikeResult::what).toList()),
            reference,
            session,
            String.join("; ", findings));
  }
}
