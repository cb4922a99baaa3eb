package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * One turn: what the agent does in answer to a message.
 *
 * @param value a UUID in lower case; for a turn that a message began, the id of that message
 */
public record TurnId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public TurnId {
    IdFormat.UUID.check("TurnId", value);
  }

  /** The id of the event that ends the turn, whatever the end is: a turn has one. */
  public String endEvent() {
    return "turn/" + value + "/end";
  }

  @Override
  public String toString() {
    return value;
  }
}
