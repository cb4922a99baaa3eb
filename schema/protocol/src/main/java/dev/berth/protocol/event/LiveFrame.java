package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.TurnId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the host of a session tells the api nodes while it happens, one JSON object a line, in
 * order: a delta never follows the stored message that it belongs to.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "type",
    visible = true,
    defaultImpl = LiveFrame.Unrecognized.class)
public sealed interface LiveFrame {

  /**
   * A stream event of the Agent SDK. Deltas of a lower epoch or attachment than one seen are
   * dropped.
   */
  @JsonTypeName("delta")
  record Delta(
      int epoch, int attachment, @JsonProperty("turn_id") @Nullable TurnId turnId, JsonNode message)
      implements LiveFrame {
    public Delta {
      requireNonNull(message, "message");
    }
  }

  /**
   * The log holds all events of the session up to this number.
   *
   * @param events the last of them in their order and without a gap, up to that number; none when
   *     they are large, or from a host that does not send them: the log has them
   */
  @JsonTypeName("committed")
  record Committed(long seq, @Nullable List<EventEnvelope> events) implements LiveFrame {
    public Committed {
      events = events == null || events.isEmpty() ? null : List.copyOf(events);
    }

    public Committed(long seq) {
      this(seq, null);
    }
  }

  /** The stream is alive. */
  @JsonTypeName("heartbeat")
  record Heartbeat() implements LiveFrame {}

  /** The host does not have the session's sandbox any more; the stream ends. */
  @JsonTypeName("ended")
  record Ended() implements LiveFrame {}

  /** A frame of a newer host; ignored. */
  record Unrecognized(String type) implements LiveFrame {
    public Unrecognized {
      requireNonNull(type, "type");
    }
  }
}
