package dev.berth.api.session;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.MESSAGE_REFUSALS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.sum;
import static org.jooq.impl.DSL.val;

import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.MessageEnd;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent.MessageAccepted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** The messages of sessions, stored before anybody is told of them. */
final class MessageRecords {
  private final DSLContext db;

  MessageRecords(DSLContext db) {
    this.db = db;
  }

  /**
   * A message in the database.
   *
   * @param seq number of its event in the log
   * @param repeated whether it was here before
   * @param ended whether its turn has ended
   */
  record Stored(long seq, boolean repeated, boolean ended) {}

  /**
   * Stores a message with its event, unless it was stored before.
   *
   * @throws ProblemException {@code MESSAGE_CONFLICT} when the id was used for another content,
   *     {@code MESSAGE_WITHDRAWN}, {@code SESSION_BUSY}, {@code SESSION_CLOSED}, {@code
   *     SESSION_NOT_FOUND}
   */
  Stored store(SessionId session, Message message) {
    var stored =
        message.policy() == SendPolicy.REJECT
            ? db.transactionResult(tx -> storeUnlessBusy(tx.dsl(), session, message))
            : db.transactionResult(tx -> storeUnlessKnown(tx.dsl(), session, message));
    if (stored == null) {
      throw new ProblemException(
          ProblemType.SESSION_BUSY,
          "Session busy: something runs or waits, and the message %s is not to wait. Send it under a new id later, or with policy enqueue."
              .formatted(message.id()));
    }
    return stored;
  }

  /**
   * The session has the message in its queue.
   *
   * @param position how many messages run before it
   * @return the position that was told first, for every repeat
   */
  int taken(SessionId session, MessageId message, int position) {
    return requireNonNull(
        db.update(MESSAGES)
            .set(MESSAGES.TAKEN_AT, coalesce(MESSAGES.TAKEN_AT, currentOffsetDateTime()))
            .set(MESSAGES.POSITION, coalesce(MESSAGES.POSITION, val(position)))
            .where(is(session, message))
            .returningResult(MESSAGES.POSITION)
            .fetchSingle()
            .value1());
  }

  /** Whether there is such a message. */
  boolean exists(SessionId session, MessageId message) {
    return db.fetchExists(MESSAGES, is(session, message));
  }

  /** How the message ended; null while it runs or waits. */
  @Nullable MessageEnd end(SessionId session, MessageId message) {
    return MessageEnd.find(db, session, new TurnId(message.value()));
  }

  /**
   * Ends the messages of a closed session that its workflow was never told of. Should it know one
   * after all, the end that is first in the log stands.
   */
  void endUntaken(SessionId session) {
    var untaken =
        db.select(MESSAGES.MESSAGE_ID)
            .from(MESSAGES)
            .where(MESSAGES.SESSION_ID.eq(uuid(session)))
            .and(MESSAGES.ENDED_AT.isNull())
            .and(MESSAGES.TAKEN_AT.isNull())
            .orderBy(MESSAGES.ACCEPTED_SEQ)
            .fetch(MESSAGES.MESSAGE_ID);
    if (untaken.isEmpty()) {
      return;
    }
    var end = closed(session);
    var events =
        untaken.stream()
            .map(id -> {
              var turn = new TurnId(id.toString());
              return NewEvent.of(turn.endEvent(), end).inTurn(turn, new MessageId(id.toString()));
            })
            .toList();
    EventLog.append(db, new Request(session, EventWriter.PLATFORM, events));
  }

  private TurnFailed closed(SessionId session) {
    var cost =
        db.select(coalesce(sum(LEDGER.COST_MICRODOLLARS), BigDecimal.ZERO))
            .from(LEDGER)
            .where(LEDGER.SESSION_ID.eq(uuid(session)))
            .fetchSingle()
            .value1();
    return new TurnFailed(
        StopReason.CLOSED,
        new Problem(ProblemType.SESSION_CLOSED, "The session was closed."),
        0,
        0,
        cost.longValueExact(),
        TokenUsage.NONE);
  }

  /** Null when the session is busy. */
  private static @Nullable Stored storeUnlessBusy(
      DSLContext tx, SessionId session, Message message) {
    // As the append does: whoever stores the next message waits here.
    tx.select(SESSIONS.SESSION_ID)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .forNoKeyUpdate()
        .fetch();
    var known = known(tx, session, message);
    if (known != null) {
      return known;
    }
    if (!isRefused(tx, session, message)) {
      var busy =
          tx.fetchExists(
              MESSAGES, MESSAGES.SESSION_ID.eq(uuid(session)), MESSAGES.ENDED_AT.isNull());
      if (!busy) {
        return store(tx, session, message);
      }
      if (message.named()) {
        refuse(tx, session, message);
      }
    }
    return null;
  }

  private static boolean isRefused(DSLContext tx, SessionId session, Message message) {
    var hash =
        tx.select(MESSAGE_REFUSALS.CONTENT_HASH)
            .from(MESSAGE_REFUSALS)
            .where(MESSAGE_REFUSALS.SESSION_ID.eq(uuid(session)))
            .and(MESSAGE_REFUSALS.MESSAGE_ID.eq(uuid(message.id())))
            .fetchOne(MESSAGE_REFUSALS.CONTENT_HASH);
    if (hash != null) {
      requireSame(hash, message);
    }
    return hash != null;
  }

  private static void refuse(DSLContext tx, SessionId session, Message message) {
    tx.insertInto(MESSAGE_REFUSALS)
        .set(MESSAGE_REFUSALS.SESSION_ID, uuid(session))
        .set(MESSAGE_REFUSALS.MESSAGE_ID, uuid(message.id()))
        .set(MESSAGE_REFUSALS.CONTENT_HASH, Message.sha256(message.text()))
        .execute();
  }

  /** A message's row outlives its event, which the retention of the log deletes. */
  private static Stored storeUnlessKnown(DSLContext tx, SessionId session, Message message) {
    var before = known(tx, session, message);
    return before == null ? store(tx, session, message) : before;
  }

  private static Stored store(DSLContext tx, SessionId session, Message message) {
    var event =
        NewEvent.of(
                "message/" + message.id() + "/accepted",
                new MessageAccepted(MessageContent.logged(message.content())))
            .inTurn(new TurnId(message.id().value()), message.id());
    // The append locks the session's row: of two equal messages at once the second waits here.
    var outcome = EventLog.append(tx, new Request(session, EventWriter.PLATFORM, List.of(event)));
    if (!(outcome instanceof Appended appended)) {
      throw new ProblemException(
          ProblemType.SESSION_NOT_FOUND, "Session not found: %s.".formatted(session));
    }
    var numbered = appended.events().getFirst();
    if (!numbered.fresh()) {
      return requireNonNull(known(tx, session, message));
    }
    if (insert(tx, session, message, numbered.seq()) == 0) {
      throw Sessions.closed(session);
    }
    return new Stored(numbered.seq(), false, false);
  }

  /** Nothing is inserted when the session is closed. */
  private static int insert(DSLContext tx, SessionId session, Message message, long seq) {
    var text = message.text();
    return tx.insertInto(
            MESSAGES,
            MESSAGES.SESSION_ID,
            MESSAGES.MESSAGE_ID,
            MESSAGES.CONTENT,
            MESSAGES.CONTENT_HASH,
            MESSAGES.BYTES,
            MESSAGES.ACCEPTED_SEQ,
            MESSAGES.INTERRUPTS)
        .select(
            select(
                    SESSIONS.SESSION_ID,
                    val(uuid(message.id())),
                    val(JSON.json(text)),
                    val(Message.sha256(text)),
                    val(message.bytes()),
                    val(seq),
                    val(message.policy() == SendPolicy.INTERRUPT))
                .from(SESSIONS)
                .where(SESSIONS.SESSION_ID.eq(uuid(session)))
                .and(SESSIONS.CLOSED_AT.isNull()))
        .execute();
  }

  private static @Nullable Stored known(DSLContext tx, SessionId session, Message message) {
    var row =
        tx.select(
                MESSAGES.CONTENT_HASH, MESSAGES.ACCEPTED_SEQ, MESSAGES.ENDED_AT, MESSAGES.TAKEN_AT)
            .from(MESSAGES)
            .where(is(session, message.id()))
            .fetchOne();
    if (row == null) {
      return null;
    }
    requireSame(row.value1(), message);
    var ended = row.value3() != null;
    var end = ended ? MessageEnd.find(tx, session, new TurnId(message.id().value())) : null;
    if (end != null && end.reason() == StopReason.WITHDRAWN) {
      throw new ProblemException(
          ProblemType.MESSAGE_WITHDRAWN,
          "Invalid message: %s was withdrawn and does not run; send it under a new id."
              .formatted(message.id()));
    }
    var taken = row.value4() != null;
    if (!taken && end != null && end.reason() == StopReason.CLOSED) {
      throw Sessions.closed(session);
    }
    return new Stored(row.value2(), true, ended);
  }

  private static void requireSame(byte[] hash, Message message) {
    if (!Arrays.equals(hash, Message.sha256(message.text()))) {
      throw new ProblemException(
          ProblemType.MESSAGE_CONFLICT,
          "Invalid message: the id %s was used for another message; choose a new one."
              .formatted(message.id()));
    }
  }

  private static Condition is(SessionId session, MessageId message) {
    return MESSAGES.SESSION_ID.eq(uuid(session)).and(MESSAGES.MESSAGE_ID.eq(uuid(message)));
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }

  private static UUID uuid(MessageId message) {
    return UUID.fromString(message.value());
  }
}
