package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.LEDGER;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.sum;

import dev.berth.db.EventLog;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jspecify.annotations.Nullable;

/**
 * The end of a turn: one event under one id, so that whoever ends a turn first ends it for good.
 * What it cost comes from the ledger.
 */
public final class TurnEnds {
  private final DSLContext db;

  public TurnEnds(DSLContext db) {
    this.db = db;
  }

  /** The id of the event that ends a turn, whatever the end is. */
  public static String id(TurnId turn) {
    return "turn/" + turn + "/end";
  }

  /** The id of the event that began an attempt of a turn. */
  public static String startId(TurnId turn, int epoch) {
    return "turn/%s/start/%d".formatted(turn, epoch);
  }

  /** The events of a turn that the agent ended. */
  public List<NewEvent> events(SessionId session, int epoch, BridgeFrame.TurnEnded frame) {
    var result = frame.result();
    var event = event(session, frame.turnId(), frame.stopReason(), frame.problem());
    return List.of(
        new NewEvent(
            id(frame.turnId()),
            event,
            frame.turnId(),
            frame.messageId(),
            result == null ? null : result.toString()));
  }

  /** The event of a turn that no agent ended. */
  public NewEvent event(
      SessionId session,
      TurnId turn,
      MessageId message,
      StopReason reason,
      @Nullable Problem problem) {
    return NewEvent.of(id(turn), event(session, turn, reason, problem)).inTurn(turn, message);
  }

  /** Why the turn ended, when it did. */
  public @Nullable Ended find(SessionId session, TurnId turn) {
    var envelope = EventLog.find(db, session, id(turn));
    if (envelope == null) {
      return null;
    }
    return switch (envelope.event()) {
      case TurnCompleted completed -> new Ended(completed.stopReason(), envelope.seq());
      case TurnInterrupted _ -> new Ended(StopReason.INTERRUPTED, envelope.seq());
      case TurnFailed failed -> new Ended(failed.stopReason(), envelope.seq());
      default -> throw new IllegalStateException("the end of a turn is " + envelope.type());
    };
  }

  /** How a turn ended, and the number of the event. */
  public record Ended(StopReason reason, long seq) {}

  private SessionEvent event(
      SessionId session, TurnId turn, StopReason reason, @Nullable Problem problem) {
    var cost = cost(session, turn);
    var duration = duration(session, turn).toMillis();
    return switch (reason) {
      case END_TURN, MAX_TURNS, BUDGET_EXHAUSTED, STRUCTURED_OUTPUT_RETRIES, REFUSAL ->
          new TurnCompleted(reason, duration, cost.turn(), cost.session(), cost.usage());
      case INTERRUPTED -> new TurnInterrupted(duration, cost.turn(), cost.session(), cost.usage());
      case MODEL_ERROR,
          AGENT_ERROR,
          DISK_FULL,
          TIMED_OUT,
          SANDBOX_FAILED,
          RETRIES_EXHAUSTED,
          CLOSED ->
          new TurnFailed(
              reason,
              problem == null
                  ? new Problem(ProblemType.INTERNAL, "The turn ended: " + reason.wireName())
                  : problem,
              duration,
              cost.turn(),
              cost.session(),
              cost.usage());
    };
  }

  private record Cost(long turn, long session, TokenUsage usage) {}

  private Cost cost(SessionId session, TurnId turn) {
    var ofTurn = LEDGER.TURN_ID.eq(UUID.fromString(turn.value()));
    var row =
        db.select(
                total(LEDGER.COST_MICRODOLLARS),
                coalesce(sum(LEDGER.COST_MICRODOLLARS).filterWhere(ofTurn), BigDecimal.ZERO),
                count().filterWhere(ofTurn),
                coalesce(sum(LEDGER.INPUT_TOKENS).filterWhere(ofTurn), BigDecimal.ZERO),
                coalesce(sum(LEDGER.OUTPUT_TOKENS).filterWhere(ofTurn), BigDecimal.ZERO),
                coalesce(
                    sum(LEDGER.CACHE_CREATION_5M_TOKENS.plus(LEDGER.CACHE_CREATION_1H_TOKENS))
                        .filterWhere(ofTurn),
                    BigDecimal.ZERO),
                coalesce(sum(LEDGER.CACHE_READ_TOKENS).filterWhere(ofTurn), BigDecimal.ZERO))
            .from(LEDGER)
            .where(LEDGER.SESSION_ID.eq(UUID.fromString(session.value())))
            .fetchSingle();
    return new Cost(
        row.value2().longValueExact(),
        row.value1().longValueExact(),
        new TokenUsage(
            row.value3(),
            row.value4().longValueExact(),
            row.value5().longValueExact(),
            row.value6().longValueExact(),
            row.value7().longValueExact()));
  }

  private static Field<BigDecimal> total(Field<Long> column) {
    return coalesce(sum(column), BigDecimal.ZERO);
  }

  /** From the first start of the turn until now; nothing for a turn that never started. */
  private Duration duration(SessionId session, TurnId turn) {
    var started =
        db.select(EVENTS.AT)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(EVENTS.EVENT_ID.startsWith("turn/" + turn + "/start/"))
            .orderBy(EVENTS.SEQ)
            .limit(1)
            .fetchOne(EVENTS.AT);
    if (started == null) {
      return Duration.ZERO;
    }
    var elapsed = Duration.between(started, OffsetDateTime.now(started.getOffset()));
    return elapsed.isNegative() ? Duration.ZERO : elapsed;
  }
}
