package dev.berth.db;

import static dev.berth.db.generated.Tables.MESSAGES;

import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent.MessageWithdrawn;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.StopReason;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How a message ended: known for as long as the session is, longer than the event that said it.
 *
 * @param seq number of that event
 * @param kept whether the log still has it
 */
public record MessageEnd(StopReason reason, long seq, boolean kept) {

  /** The end of a turn's message; null while it is open. */
  public static @Nullable MessageEnd find(DSLContext db, SessionId session, TurnId turn) {
    var event = EventLog.find(db, session, turn.endEvent());
    if (event == null) {
      return remembered(db, session, turn);
    }
    var reason =
        switch (event.event()) {
          case TurnCompleted completed -> completed.stopReason();
          case TurnInterrupted _ -> StopReason.INTERRUPTED;
          case TurnFailed failed -> failed.stopReason();
          case MessageWithdrawn _ -> StopReason.WITHDRAWN;
          default -> throw new IllegalStateException("the end of a turn is " + event.type());
        };
    return new MessageEnd(reason, event.seq(), true);
  }

  private static @Nullable MessageEnd remembered(DSLContext db, SessionId session, TurnId turn) {
    return db.select(MESSAGES.STOP_REASON, MESSAGES.END_SEQ)
        .from(MESSAGES)
        .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(MESSAGES.MESSAGE_ID.eq(UUID.fromString(turn.value())))
        .and(MESSAGES.END_SEQ.isNotNull())
        .fetchOne(row -> new MessageEnd(StopReason.of(row.value1()), row.value2(), false));
  }
}
