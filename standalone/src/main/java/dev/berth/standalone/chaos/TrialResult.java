package dev.berth.standalone.chaos;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one session that something was killed under.
 *
 * @param number of the trial; with the seed it says all that was done
 * @param moment when it was struck
 * @param pauseMs how long it was stopped; null when it was killed
 * @param struck whether there was something to strike
 * @param recovered whether every message came to its end, and the session took another
 * @param recoveryMs from the strike to the next event in the log; null when none had to come
 * @param effects lines in the file that the tools append to
 * @param unknown calls of which the log says that nobody knows whether they ran
 * @param duplicates effects beyond what the log admits
 * @param unlogged events that were lost, repeated or out of order for the client
 * @param orphans containers that the closed session left behind
 * @param modelRequests that the model answered to the end
 * @param estimated rows of the ledger that stand for lost answers
 * @param uncharged rows that the ledger lacks, or has too many
 * @param findings what went wrong, in words
 * @param lostPermits that the closed session still holds or waits for
 */
public record TrialResult(
    int number,
    long seed,
    Reference reference,
    Component component,
    String moment,
    @JsonProperty("pause_ms") @Nullable Long pauseMs,
    String session,
    boolean struck,
    boolean recovered,
    @JsonProperty("recovery_ms") @Nullable Long recoveryMs,
    int effects,
    int unknown,
    int duplicates,
    int unlogged,
    int orphans,
    @JsonProperty("model_requests") int modelRequests,
    int estimated,
    int uncharged,
    List<String> findings,
    @JsonProperty("lost_permits") int lostPermits) {}
