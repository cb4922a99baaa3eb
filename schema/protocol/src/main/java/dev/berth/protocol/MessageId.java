package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * One message that an end user sent; it is the Agent SDK's message uuid as well.
 *
 * @param value a UUID in lower case; a client may choose it, and sending it again changes nothing
 */
public record MessageId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public MessageId {
    IdFormat.UUID.check("MessageId", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
