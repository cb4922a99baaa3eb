package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static java.util.stream.Collectors.toSet;
import static org.jooq.impl.DSL.concat;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.replace;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.val;

import dev.berth.db.ApprovalLog;
import dev.berth.db.NewEvent;
import dev.berth.db.generated.tables.Events;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeCommand.UnknownCall;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ToolCompleted;
import dev.berth.protocol.event.SessionEvent.ToolOutcomeUnknown;
import dev.berth.protocol.event.SessionEvent.ToolStarted;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/**
 * Which tool calls ran, as far as the log knows. A call has at most one step of each kind,
 * whichever sandbox writes it: proposed, started, ended, or of unknown outcome.
 */
public final class ToolJournal {
  private static final String STARTED = "tool.started";
  private static final String COMPLETED = "tool.completed";
  private static final String UNKNOWN = "tool.outcome_unknown";
  private static final Events STARTS = EVENTS.as("started");

  private final DSLContext db;

  public ToolJournal(DSLContext db) {
    this.db = db;
  }

  /** The id of the event for a step of a call. */
  public static String id(String toolUseId, String step) {
    return "tool/%s/%s".formatted(toolUseId, step);
  }

  /**
   * What is to be said of the calls that sandboxes before this epoch started and did not end, or
   * asked for in vain. The epoch must be the session's already, so that none of those sandboxes can
   * write any more.
   *
   * @param takesUp whether the epoch's sandbox takes up the session's turn: it comes back to a call
   *     that waits for a person. Without that, such a call waits for ever, and lets every later
   *     turn of the session wait with it.
   */
  public List<NewEvent> unknown(SessionId session, int epoch, boolean takesUp) {
    var events = new ArrayList<>(outcomesUnknown(session, epoch));
    events.addAll(ApprovalLog.lost(db, session, takesUp));
    return events;
  }

  private List<NewEvent> outcomesUnknown(SessionId session, int epoch) {
    return unended(session, STARTS.EPOCH.lt(epoch))
        .map(row -> unknown(row.get(STARTS.TURN_ID), row.get(STARTS.MESSAGE_ID), call(row)))
        .toList();
  }

  /** How many calls run in the sandbox of that epoch; those that wait for a person do not. */
  public int running(SessionId session, int epoch) {
    var waiting = Set.copyOf(ApprovalLog.open(db, session));
    return (int)
        unended(session, STARTS.EPOCH.eq(epoch))
            .filter(row -> !waiting.contains(call(row).toolUseId()))
            .count();
  }

  /** The starts of calls that have not ended, oldest first. */
  private Stream<? extends Record> unended(SessionId session, Condition which) {
    var later = EVENTS.as("later");
    return db
        .select(STARTS.TURN_ID, STARTS.MESSAGE_ID, STARTS.PAYLOAD)
        .from(STARTS)
        .where(STARTS.SESSION_ID.eq(UUID.fromString(session.value())))
        // The word itself: a plan that is made for any word uses no index of these.
        .and(STARTS.TYPE.eq(inline(STARTED)))
        .and(which)
        .and(
            notExists(
                selectOne()
                    .from(later)
                    .where(later.SESSION_ID.eq(STARTS.SESSION_ID))
                    .and(
                        later.EVENT_ID.in(
                            step(STARTS.EVENT_ID, "/ended"), step(STARTS.EVENT_ID, "/unknown")))))
        .orderBy(STARTS.SEQ)
        .fetch()
        .stream();
  }

  /**
   * The calls of unknown outcome that the model is to be told of when its turn is taken up: those
   * of turns that have not ended. A sandbox may be lost before the model heard of them.
   */
  public List<UnknownCall> toTell(SessionId session) {
    return ofOpenTurns(session, UNKNOWN)
        .filter(ToolOutcomeUnknown.class::isInstance)
        .map(ToolOutcomeUnknown.class::cast)
        .map(call -> new UnknownCall(call.toolUseId(), call.name()))
        .toList();
  }

  /**
   * The calls for which a person was asked and that never started, oldest first. One whose turn is
   * taken up may still run; of any other, the model is to know that it did not.
   *
   * @param takenUp whether the session's turn is taken up
   */
  public List<BridgeCommand.AskedCall> asked(SessionId session, boolean takenUp) {
    return ApprovalLog.asked(db, session).stream()
        .filter(call -> !call.started())
        .map(call -> {
          var answer = call.answer();
          return new BridgeCommand.AskedCall(
              call.toolUseId(),
              call.ended() || !takenUp,
              answer == null ? null : answer.decision(),
              answer == null ? null : answer.reason());
        })
        .toList();
  }

  /** The Messages API ids of the calls that started in turns that have not ended. */
  public List<String> started(SessionId session) {
    return ofOpenTurns(session, STARTED)
        .filter(ToolStarted.class::isInstance)
        .map(event -> ((ToolStarted) event).toolUseId())
        .toList();
  }

  /** The Messages API ids of the calls that ended in turns that have not, whatever came of them. */
  public Set<String> completed(SessionId session) {
    return ofOpenTurns(session, COMPLETED)
        .filter(ToolCompleted.class::isInstance)
        .map(event -> ((ToolCompleted) event).toolUseId())
        .collect(toSet());
  }

  /** The events of that type in turns that have not ended, oldest first. */
  private Stream<SessionEvent> ofOpenTurns(SessionId session, String type) {
    return db
        .select(EVENTS.PAYLOAD)
        .from(MESSAGES)
        .join(EVENTS)
        .on(
            EVENTS.SESSION_ID.eq(MESSAGES.SESSION_ID),
            EVENTS.MESSAGE_ID.eq(MESSAGES.MESSAGE_ID),
            EVENTS.SEQ.gt(MESSAGES.ACCEPTED_SEQ))
        .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(MESSAGES.ENDED_AT.isNull())
        .and(EVENTS.TYPE.eq(type))
        .orderBy(EVENTS.SEQ)
        .fetch(EVENTS.PAYLOAD)
        .stream()
        .map(payload -> SessionEvent.of(type, ProtocolJson.mapper().readTree(payload.data())));
  }

  private static Field<String> step(Field<String> startedId, String step) {
    return concat(replace(startedId, val("/started"), val("")), val(step));
  }

  private static ToolStarted call(Record start) {
    var payload = start.get(STARTS.PAYLOAD).data();
    if (SessionEvent.of(STARTED, ProtocolJson.mapper().readTree(payload))
        instanceof ToolStarted call) {
      return call;
    }
    throw new IllegalStateException(STARTED + " is " + payload);
  }

  private static NewEvent unknown(@Nullable UUID turn, @Nullable UUID message, ToolStarted call) {
    var id = call.toolUseId();
    var event = NewEvent.of(id(id, "unknown"), new ToolOutcomeUnknown(id, call.name()));
    return turn == null || message == null
        ? event
        : event.inTurn(new TurnId(turn.toString()), new MessageId(message.toString()));
  }
}
