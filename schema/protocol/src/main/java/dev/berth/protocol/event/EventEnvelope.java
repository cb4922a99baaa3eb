package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One stored event of a session.
 *
 * @param seq its number in the session: 1, 2, 3 … without a gap, assigned by the database
 * @param id stable name; writing the same id again changes nothing and gives the old {@code seq}
 * @param type what happened, as {@link SessionEvent} lists it
 * @param epoch the epoch of the sandbox that caused it, 0 for what no sandbox caused
 * @param payload the {@link SessionEvent} without its type
 * @param raw the message of the Agent SDK from which the event was made, verbatim
 */
public record EventEnvelope(
    long seq,
    String id,
    String type,
    @JsonProperty("turn_id") @Nullable TurnId turnId,
    @JsonProperty("message_id") @Nullable MessageId messageId,
    int epoch,
    Instant at,
    JsonNode payload,
    @Nullable JsonNode raw) {
  public EventEnvelope {
    requireNonNull(id, "id");
    requireNonNull(type, "type");
    requireNonNull(at, "at");
    requireNonNull(payload, "payload");
  }

  /** What happened, as a type to decide on. */
  public SessionEvent event() {
    return SessionEvent.of(type, payload);
  }
}
