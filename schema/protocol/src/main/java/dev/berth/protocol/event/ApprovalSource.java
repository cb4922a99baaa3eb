package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Who ended the wait of a call for a person. */
public enum ApprovalSource {
  /** The session's user, by an answer. */
  USER,
  /** The turn ended, or was cut, while the call waited. */
  TURN_ENDED,
  /** The sandbox was lost, and its successor could not come back to the call. */
  SANDBOX_LOST;

  @JsonCreator
  public static ApprovalSource of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
