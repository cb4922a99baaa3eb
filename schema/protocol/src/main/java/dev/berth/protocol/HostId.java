package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A machine that runs sandboxes.
 *
 * @param value 1 to 63 of {@code a-z 0-9 -}; part of the name of its task queue
 */
public record HostId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public HostId {
    IdFormat.HOST.check("HostId", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
