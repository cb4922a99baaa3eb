package dev.berth.db;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.concat;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.replace;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.val;

import dev.berth.db.EventLog.Request;
import dev.berth.db.generated.tables.Events;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.ApprovalSource;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.SessionEvent.ApprovalRequested;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionEvent.ToolDenied;
import dev.berth.protocol.event.SessionStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.Select;
import org.jspecify.annotations.Nullable;

/**
 * Which tool calls wait for a person, and what was decided about them, as the event log has it. A
 * call is asked for once and answered once, whoever writes it: both events have an id that follows
 * from the call's.
 */
public final class ApprovalLog {
  private static final String REQUESTED = "approval.requested";
  private static final String ANSWERED = "approval.answered";

  /** Why a session's status is {@code requires_action}. */
  public static final String REASON = "approval";

  /** So many of the latest calls are given even when they have ended. */
  private static final int LATEST = 32;

  private static final String CUT = "The turn ended before the call began.";

  private static final String LOST =
      "The sandbox was gone before the call was allowed, and no agent comes back to it.";

  private ApprovalLog() {}

  /** How a call stands with its person. */
  public sealed interface Standing {
    /** Nobody was ever asked for such a call. */
    record Unknown() implements Standing {}

    /** It waits. */
    record Open() implements Standing {}

    /** The wait is over, by a person or by the platform. */
    record Answered(ApprovalAnswered answer) implements Standing {}

    /** The call ended without an answer. */
    record Ended() implements Standing {}
  }

  /**
   * A call for which a person was asked.
   *
   * @param answer what was decided; null while it waits
   * @param started whether it may have run
   * @param ended whether it is over
   */
  public record AskedCall(
      String toolUseId,
      @Nullable TurnId turn,
      @Nullable ApprovalAnswered answer,
      boolean started,
      boolean ended) {
    /** Whether a person is still to be heard. */
    public boolean isOpen() {
      return answer == null && !ended;
    }
  }

  /** The id of the event that asks. */
  public static String requestedId(String toolUseId) {
    return step(toolUseId, "asked");
  }

  /** The id of the event that answers. */
  public static String answeredId(String toolUseId) {
    return step(toolUseId, "answered");
  }

  /** That a call waits: the question, and the session's status. */
  public static List<NewEvent> requested(ApprovalRequested request, int epoch) {
    var id = requestedId(request.toolUseId());
    return List.of(
        NewEvent.of(id, request),
        NewEvent.of(
            "%s/%d".formatted(id, epoch),
            new StatusChanged(SessionStatus.REQUIRES_ACTION, REASON)));
  }

  /** How the call of that id stands. */
  public static Standing find(DSLContext db, SessionId session, String toolUseId) {
    var answered = EventLog.find(db, session, answeredId(toolUseId));
    if (answered != null && answered.event() instanceof ApprovalAnswered answer) {
      return new Standing.Answered(answer);
    }
    if (EventLog.find(db, session, requestedId(toolUseId)) == null) {
      return new Standing.Unknown();
    }
    return EventLog.find(db, session, step(toolUseId, "ended")) == null
            && EventLog.find(db, session, step(toolUseId, "unknown")) == null
        ? new Standing.Open()
        : new Standing.Ended();
  }

  /**
   * Calls for which a person was asked, oldest first: all that have not ended, however many a
   * session asked for since, and the latest of the others.
   */
  public static List<AskedCall> asked(DSLContext db, SessionId session) {
    var asked = EVENTS.as("asked");
    var latest = EVENTS.as("latest");
    return db.select(
            asked.PAYLOAD,
            asked.TURN_ID,
            answer(asked),
            field(exists(later(asked, "/started"))),
            field(exists(later(asked, "/ended", "/unknown"))))
        .from(asked)
        .where(asked.SESSION_ID.eq(uuid(session)))
        .and(asked.TYPE.eq(inline(REQUESTED)))
        .and(
            asked
                .SEQ
                .in(
                    select(latest.SEQ)
                        .from(latest)
                        .where(latest.SESSION_ID.eq(uuid(session)))
                        .and(latest.TYPE.eq(inline(REQUESTED)))
                        .orderBy(latest.SEQ.desc())
                        .limit(LATEST))
                .or(notExists(later(asked, "/ended", "/unknown"))))
        .orderBy(asked.SEQ)
        .fetch(row ->
            new AskedCall(
                request(row.value1()).toolUseId(),
                row.value2() == null ? null : new TurnId(row.value2().toString()),
                row.value3() == null ? null : answer(row.value3()),
                row.value4(),
                row.value5()));
  }

  /** Calls that wait for a person, oldest first. */
  public static List<String> open(DSLContext db, SessionId session) {
    var asked = EVENTS.as("asked");
    return db
        .select(asked.PAYLOAD)
        .from(asked)
        .where(asked.SESSION_ID.eq(uuid(session)))
        .and(asked.TYPE.eq(inline(REQUESTED)))
        .and(notExists(later(asked, "/answered", "/ended", "/unknown")))
        .orderBy(asked.SEQ)
        .fetch(asked.PAYLOAD)
        .stream()
        .map(payload -> request(payload).toolUseId())
        .toList();
  }

  /**
   * Answers for a call that waits; whoever is first answers for good. Where no other call waits,
   * the session runs again, or is idle when its agent asked between two turns.
   *
   * @return how the call stands now
   */
  public static Standing answer(DSLContext db, SessionId session, ApprovalAnswered answer) {
    return db.transactionResult(tx -> {
      lock(tx.dsl(), session);
      var standing = find(tx.dsl(), session, answer.toolUseId());
      if (!(standing instanceof Standing.Open)) {
        return standing;
      }
      var events = new ArrayList<NewEvent>();
      events.add(
          asked(tx.dsl(), session).stream()
              .filter(call -> call.toolUseId().equals(answer.toolUseId()))
              .findFirst()
              .map(call -> inTurn(call, answered(answer)))
              .orElseGet(() -> answered(answer)));
      if (open(tx.dsl(), session).size() == 1 && isWaiting(tx.dsl(), session)) {
        events.add(
            NewEvent.of(
                answeredId(answer.toolUseId()) + "/status",
                new StatusChanged(afterTheAnswer(tx.dsl(), session), null)));
      }
      EventLog.append(tx.dsl(), new Request(session, EventWriter.PLATFORM, events));
      return new Standing.Answered(answer);
    });
  }

  /** Ends every wait of a session whose turn is over, and says that those calls did not run. */
  public static void withdrawAll(DSLContext db, SessionId session) {
    db.transaction(tx -> {
      lock(tx.dsl(), session);
      var events = over(asked(tx.dsl(), session), ApprovalSource.TURN_ENDED, CUT);
      if (!events.isEmpty()) {
        EventLog.append(tx.dsl(), new Request(session, EventWriter.PLATFORM, events));
      }
    });
  }

  /**
   * What ends the calls to which no agent comes back when a sandbox begins, because the one that
   * asked is gone: those that may have run, and, unless the sandbox takes up the session's turn,
   * those that wait. Nobody writes for earlier sandboxes any more.
   */
  public static List<NewEvent> lost(DSLContext db, SessionId session, boolean takesUp) {
    var lost = asked(db, session).stream().filter(call -> call.started() || !takesUp).toList();
    return over(lost, ApprovalSource.SANDBOX_LOST, LOST);
  }

  /** Withdraws the questions that are open, and says of calls that never began that they do not. */
  private static List<NewEvent> over(List<AskedCall> calls, ApprovalSource source, String why) {
    var events = new ArrayList<NewEvent>();
    for (var call : calls) {
      var id = call.toolUseId();
      if (call.isOpen()) {
        var answer = new ApprovalAnswered(id, ApprovalDecision.WITHDRAW, null, source);
        events.add(inTurn(call, answered(answer)));
      }
      if (!call.started() && !call.ended()) {
        events.add(inTurn(call, NewEvent.of(step(id, "ended"), new ToolDenied(id, why))));
      }
    }
    return events;
  }

  /** The event of an answer. */
  public static NewEvent answered(ApprovalAnswered answer) {
    return NewEvent.of(answeredId(answer.toolUseId()), answer);
  }

  private static NewEvent inTurn(AskedCall call, NewEvent event) {
    var turn = call.turn();
    return turn == null ? event : event.inTurn(turn, new MessageId(turn.value()));
  }

  /** Nobody else writes to the session's log until the transaction ends. */
  private static void lock(DSLContext tx, SessionId session) {
    tx.selectOne()
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .forNoKeyUpdate()
        .fetch();
  }

  private static SessionStatus afterTheAnswer(DSLContext db, SessionId session) {
    var works =
        db.fetchExists(MESSAGES, MESSAGES.SESSION_ID.eq(uuid(session)), MESSAGES.ENDED_AT.isNull());
    return works ? SessionStatus.RUNNING : SessionStatus.IDLE;
  }

  private static boolean isWaiting(DSLContext db, SessionId session) {
    return db.fetchExists(
        SESSIONS,
        SESSIONS.SESSION_ID.eq(uuid(session)),
        SESSIONS.STATUS.eq(SessionStatus.REQUIRES_ACTION.wireName()));
  }

  private static Select<?> later(Events asked, String... steps) {
    var later = EVENTS.as("later");
    return selectOne()
        .from(later)
        .where(later.SESSION_ID.eq(asked.SESSION_ID))
        .and(
            later.EVENT_ID.in(
                Arrays.stream(steps).map(step -> other(asked.EVENT_ID, step)).toList()));
  }

  private static Field<JSON> answer(Events asked) {
    var answer = EVENTS.as("answer");
    return field(
        select(answer.PAYLOAD)
            .from(answer)
            .where(answer.SESSION_ID.eq(asked.SESSION_ID))
            .and(answer.EVENT_ID.eq(other(asked.EVENT_ID, "/answered"))));
  }

  private static Field<String> other(Field<String> requestedId, String step) {
    return concat(replace(requestedId, val("/asked"), val("")), val(step));
  }

  private static ApprovalRequested request(JSON payload) {
    return (ApprovalRequested) event(REQUESTED, payload);
  }

  private static ApprovalAnswered answer(JSON payload) {
    return (ApprovalAnswered) event(ANSWERED, payload);
  }

  private static SessionEvent event(String type, JSON payload) {
    return SessionEvent.of(type, ProtocolJson.mapper().readTree(payload.data()));
  }

  private static String step(String toolUseId, String step) {
    return "tool/%s/%s".formatted(toolUseId, step);
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
