package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * One conversation of one end user; also the id of the Agent SDK's own session.
 *
 * @param value a UUID in lower case, as {@code 8f14e45f-ceea-467f-9575-6f1d2c1b9d1a}
 */
public record SessionId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public SessionId {
    IdFormat.UUID.check("SessionId", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
