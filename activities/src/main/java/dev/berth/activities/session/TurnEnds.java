package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MESSAGES;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.min;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.sum;

import dev.berth.db.EventLog;
import dev.berth.db.MessageEnd;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.MessageWithdrawn;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.SessionStatus;
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
    return turn.endEvent();
  }

  /** The id of the event that began an attempt of a turn. */
  public static String startId(TurnId turn, int epoch) {
    return "turn/%s/start/%d".formatted(turn, epoch);
  }

  private static String idleId(TurnId turn) {
    return "turn/" + turn + "/idle";
  }

  /**
   * The events of a turn that the agent ended: its end, and that the session is idle, unless
   * another message waits.
   */
  public List<NewEvent> events(SessionId session, BridgeFrame.TurnEnded frame) {
    var turn = frame.turnId();
    var result = frame.result();
    var account = account(session, turn, frame.messageId());
    var end =
        new NewEvent(
            id(turn),
            event(account, frame.stopReason(), frame.problem(), frame.synthesised()),
            turn,
            frame.messageId(),
            result == null ? null : result.toString());
    return account.isFollowed()
        ? List.of(end)
        : List.of(
            end,
            NewEvent.of(
                idleId(turn),
                new StatusChanged(SessionStatus.IDLE, frame.stopReason().wireName())));
  }

  /** Whether the events of a turn's end say that the session is idle. */
  public static boolean sayIdle(List<NewEvent> events) {
    return events.stream()
        .anyMatch(event ->
            event.event() instanceof StatusChanged(var status, _) && status == SessionStatus.IDLE);
  }

  /** The event of a turn that no agent ended. */
  public NewEvent event(
      SessionId session,
      TurnId turn,
      MessageId message,
      StopReason reason,
      @Nullable Problem problem) {
    return NewEvent.of(id(turn), event(account(session, turn, message), reason, problem, null))
        .inTurn(turn, message);
  }

  /** Why the turn ended, when it did. */
  public @Nullable Ended find(SessionId session, TurnId turn) {
    var end = MessageEnd.find(db, session, turn);
    if (end == null) {
      return null;
    }
    // Where the log does not have the end any more, a later turn has ended since.
    var idle = !end.kept() || EventLog.find(db, session, idleId(turn)) != null;
    return new Ended(end.reason(), end.seq(), idle);
  }

  /** How a turn ended, the number of the event, and whether the session was said to be idle. */
  public record Ended(StopReason reason, long seq, boolean idle) {}

  private static SessionEvent event(
      Account cost, StopReason reason, @Nullable Problem problem, @Nullable Boolean synthesised) {
    var duration = cost.duration().toMillis();
    return switch (reason) {
      case END_TURN, MAX_TURNS, BUDGET_EXHAUSTED, STRUCTURED_OUTPUT_RETRIES, REFUSAL ->
          new TurnCompleted(
              reason, duration, cost.turn(), cost.session(), cost.usage(), synthesised);
      case INTERRUPTED -> new TurnInterrupted(duration, cost.turn(), cost.session(), cost.usage());
      case WITHDRAWN -> new MessageWithdrawn(cost.session());
      case MODEL_ERROR,
          AGENT_ERROR,
          DISK_FULL,
          TIMED_OUT,
          SANDBOX_FAILED,
          RETRIES_EXHAUSTED,
          CLOSED,
          UNAVAILABLE,
          TRANSCRIPT_MISSING ->
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

  /**
   * What is known of a turn at its end.
   *
   * @param duration from its first start until now; nothing for a turn that never started
   * @param turn its cost, in microdollars
   * @param session the cost of the session, in microdollars
   * @param isFollowed whether another message waits
   */
  private record Account(
      Duration duration, long turn, long session, TokenUsage usage, boolean isFollowed) {}

  /** One question for all of it: a client waits for the answer. */
  private Account account(SessionId session, TurnId turn, MessageId message) {
    var id = UUID.fromString(session.value());
    var messageId = UUID.fromString(message.value());
    var ofTurn = LEDGER.TURN_ID.eq(UUID.fromString(turn.value()));
    var accepted =
        field(
            select(MESSAGES.ACCEPTED_SEQ)
                .from(MESSAGES)
                .where(MESSAGES.SESSION_ID.eq(id))
                .and(MESSAGES.MESSAGE_ID.eq(messageId)));
    var other = MESSAGES.as("other");
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
                coalesce(sum(LEDGER.CACHE_READ_TOKENS).filterWhere(ofTurn), BigDecimal.ZERO),
                field(
                    select(min(EVENTS.AT))
                        .from(EVENTS)
                        .where(EVENTS.SESSION_ID.eq(id))
                        .and(EVENTS.SEQ.gt(accepted))
                        .and(EVENTS.EVENT_ID.startsWith("turn/" + turn + "/start/"))),
                field(
                    exists(
                        selectOne()
                            .from(other)
                            .where(other.SESSION_ID.eq(id))
                            .and(other.ENDED_AT.isNull())
                            .and(other.MESSAGE_ID.ne(messageId)))))
            .from(LEDGER)
            .where(LEDGER.SESSION_ID.eq(id))
            .fetchSingle();
    return new Account(
        sinceThen(row.value8()),
        row.value2().longValueExact(),
        row.value1().longValueExact(),
        new TokenUsage(
            row.value3(),
            row.value4().longValueExact(),
            row.value5().longValueExact(),
            row.value6().longValueExact(),
            row.value7().longValueExact()),
        row.value9());
  }

  private static Field<BigDecimal> total(Field<Long> column) {
    return coalesce(sum(column), BigDecimal.ZERO);
  }

  private static Duration sinceThen(@Nullable OffsetDateTime started) {
    if (started == null) {
      return Duration.ZERO;
    }
    var elapsed = Duration.between(started, OffsetDateTime.now(started.getOffset()));
    return elapsed.isNegative() ? Duration.ZERO : elapsed;
  }
}
