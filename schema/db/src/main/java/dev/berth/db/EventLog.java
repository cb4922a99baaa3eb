package dev.berth.db;

import static dev.berth.db.generated.Tables.EVENTS;

import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.AppendOutcome.Numbered;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.EventEnvelope;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The event log of all sessions: the only statement that appends to it, and the one that reads.
 *
 * <p>{@link GroupCommit} is the way to append under load; this class is the way to append inside a
 * transaction of the caller's.
 */
public final class EventLog {
  private EventLog() {}

  /**
   * Events for one session.
   *
   * @param events at least one; they get consecutive numbers in this order
   */
  public record Request(SessionId session, EventWriter writer, List<NewEvent> events) {
    public Request {
      events = List.copyOf(events);
      if (events.isEmpty()) {
        throw new IllegalArgumentException("events: [] (expected: at least one)");
      }
    }

    /** How much text of the Agent SDK's messages it carries. */
    public long characters() {
      return events.stream()
          .mapToLong(event -> event.raw() == null ? 0 : event.raw().length())
          .sum();
    }
  }

  public static AppendOutcome append(DSLContext db, Request request) {
    return append(db, List.of(request)).getFirst();
  }

  /**
   * Appends for many sessions in one statement.
   *
   * @return the outcome of each request, in the order given
   */
  static List<AppendOutcome> append(DSLContext db, List<Request> requests) {
    return db.connectionResult(new AppendStatement(requests)::execute);
  }

  /**
   * What an append has stored, as {@link #read} gives it; nothing when any of it was there before,
   * since what is stored under an id may then be something else.
   */
  public static List<EventEnvelope> stored(Request request, Appended appended) {
    var envelopes = new ArrayList<EventEnvelope>();
    for (var index = 0; index < request.events().size(); index++) {
      var numbered = appended.events().get(index);
      if (!numbered.fresh()) {
        return List.of();
      }
      envelopes.add(envelope(request.events().get(index), numbered));
    }
    return envelopes;
  }

  /**
   * Reads stored events in their order.
   *
   * @param after the number after which to begin, 0 for the beginning
   * @param limit the most to read
   */
  public static List<EventEnvelope> read(DSLContext db, SessionId session, long after, int limit) {
    return db.selectFrom(EVENTS)
        .where(EVENTS.SESSION_ID.eq(uuid(session)))
        .and(EVENTS.SEQ.gt(after))
        .orderBy(EVENTS.SEQ)
        .limit(limit)
        .fetch(EventLog::envelope);
  }

  /** The event of that id, if it was stored. */
  public static @Nullable EventEnvelope find(DSLContext db, SessionId session, String eventId) {
    return db.selectFrom(EVENTS)
        .where(EVENTS.SESSION_ID.eq(uuid(session)))
        .and(EVENTS.EVENT_ID.eq(eventId))
        .fetchOne(EventLog::envelope);
  }

  private static EventEnvelope envelope(NewEvent event, Numbered numbered) {
    return new EventEnvelope(
        numbered.seq(),
        event.id(),
        event.event().type(),
        event.turnId(),
        event.messageId(),
        numbered.epoch(),
        numbered.at(),
        event.event().payload(),
        event.raw() == null ? null : ProtocolJson.mapper().readTree(event.raw()));
  }

  static EventEnvelope envelope(Record row) {
    var turn = row.get(EVENTS.TURN_ID);
    var message = row.get(EVENTS.MESSAGE_ID);
    return new EventEnvelope(
        row.get(EVENTS.SEQ),
        row.get(EVENTS.EVENT_ID),
        row.get(EVENTS.TYPE),
        turn == null ? null : new TurnId(turn.toString()),
        message == null ? null : new MessageId(message.toString()),
        row.get(EVENTS.EPOCH),
        row.get(EVENTS.AT).toInstant(),
        json(row.get(EVENTS.PAYLOAD)),
        row.get(EVENTS.RAW) == null ? null : json(row.get(EVENTS.RAW)));
  }

  private static JsonNode json(JSON column) {
    return ProtocolJson.mapper().readTree(column.data());
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
