package dev.berth.db;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event that is to be stored.
 *
 * @param id stable name in the session: whoever writes the same thing again gives the same id
 * @param raw the Agent SDK's message as JSON text
 */
public record NewEvent(
    String id,
    SessionEvent event,
    @Nullable TurnId turnId,
    @Nullable MessageId messageId,
    @Nullable String raw) {
  public NewEvent {
    requireNonNull(id, "id");
    requireNonNull(event, "event");
  }

  public static NewEvent of(String id, SessionEvent event) {
    return new NewEvent(id, event, null, null, null);
  }

  public NewEvent inTurn(TurnId turn, MessageId message) {
    return new NewEvent(id, event, turn, message, raw);
  }
}
