package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a session had come to at a place in its log.
 *
 * @param at time of the event at that place
 * @param status the session's status there, and why it had it
 * @param stopReason of the last message that had ended
 * @param turns how many turns had ended
 * @param usage what they used together
 * @param totalCostMicrodollars cost of the session so far
 * @param lastAnswer text of the last answer, cut after {@value #ANSWER} characters; absent when
 *     there was none
 */
public record LogSnapshot(
    Instant at,
    SessionStatus status,
    @Nullable String reason,
    @JsonProperty("stop_reason") @Nullable StopReason stopReason,
    long turns,
    TokenUsage usage,
    @JsonProperty("total_cost_microdollars") long totalCostMicrodollars,
    @JsonProperty("last_answer") @Nullable String lastAnswer) {
  private static final int ANSWER = 16_000;

  /** Before the first event. */
  public static final LogSnapshot BEGINNING =
      new LogSnapshot(Instant.EPOCH, SessionStatus.IDLE, null, null, 0, TokenUsage.NONE, 0, null);

  public LogSnapshot {
    requireNonNull(at, "at");
    requireNonNull(status, "status");
    requireNonNull(usage, "usage");
    lastAnswer =
        lastAnswer != null && lastAnswer.length() > ANSWER
            ? lastAnswer.substring(0, ANSWER)
            : lastAnswer;
  }

  /** The same a bit further in the log. Events are given in their order. */
  public LogSnapshot after(EventEnvelope next) {
    return switch (next.event()) {
      case SessionEvent.StatusChanged(var newStatus, var why) ->
          new LogSnapshot(
              next.at(),
              newStatus,
              why,
              stopReason,
              turns,
              usage,
              totalCostMicrodollars,
              lastAnswer);
      case SessionEvent.TurnCompleted end ->
          ended(next, end.stopReason(), end.usage(), end.totalCostMicrodollars());
      case SessionEvent.TurnInterrupted end ->
          ended(next, StopReason.INTERRUPTED, end.usage(), end.totalCostMicrodollars());
      case SessionEvent.TurnFailed end ->
          ended(next, end.stopReason(), end.usage(), end.totalCostMicrodollars());
      case SessionEvent.MessageWithdrawn(var total) ->
          new LogSnapshot(
              next.at(), status, reason, StopReason.WITHDRAWN, turns, usage, total, lastAnswer);
      default ->
          new LogSnapshot(
              next.at(),
              status,
              reason,
              stopReason,
              turns,
              usage,
              totalCostMicrodollars,
              lastAnswer);
    };
  }

  private LogSnapshot ended(EventEnvelope end, StopReason why, TokenUsage used, long total) {
    var raw = end.raw();
    var answer = raw == null ? null : raw.path("result").asString(null);
    return new LogSnapshot(
        end.at(),
        status,
        reason,
        why,
        turns + 1,
        usage.plus(used),
        total,
        answer == null ? lastAnswer : answer);
  }
}
