package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A developer's project, which is the issuer of end-user tokens (claim {@code iss}).
 *
 * @param value opaque, 1 to 64 of {@code A-Z a-z 0-9 . _ -}
 */
public record ProjectId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ProjectId {
    IdFormat.OPAQUE.check("ProjectId", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
