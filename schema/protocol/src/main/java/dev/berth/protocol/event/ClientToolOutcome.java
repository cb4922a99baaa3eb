package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a call of a client's tool ended for the agent. */
public enum ClientToolOutcome {
  /** A client sent a result in time. */
  ANSWERED,
  /** No client did. */
  TIMED_OUT,
  /** The turn ended first. */
  CANCELLED;

  @JsonCreator
  public static ClientToolOutcome of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
