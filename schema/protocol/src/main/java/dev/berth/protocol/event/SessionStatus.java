package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a session stands, in the words that clients see. */
public enum SessionStatus {
  /** Something is to be done and waits for a permit or a sandbox. */
  QUEUED,
  /** A turn runs. */
  RUNNING,
  /** A turn waits for a person or for a client's tool. */
  REQUIRES_ACTION,
  /** The sandbox was lost under a turn and is being replaced. */
  RESCHEDULING,
  /** Nothing is to be done; the next message is welcome. */
  IDLE,
  /** The session is closed for good. */
  TERMINATED;

  @JsonCreator
  public static SessionStatus of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
