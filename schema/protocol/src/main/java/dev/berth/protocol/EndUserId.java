package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * An end user of a project (claim {@code sub}), chosen by the developer.
 *
 * @param value free text, 1 to 255 characters without control characters
 */
public record EndUserId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public EndUserId {
    IdFormat.FREE_TEXT.check("EndUserId", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
