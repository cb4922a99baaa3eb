package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A sandbox; it has an id of its own because it can exist before it serves a session.
 *
 * @param value {@code sb-} and 16 hexadecimal digits
 */
public record SandboxId(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public SandboxId {
    IdFormat.SANDBOX.check("SandboxId", value);
  }

  /** Whether the text is such an id, as the name of a folder may be. */
  public static boolean isValid(String value) {
    return IdFormat.SANDBOX.matches(value);
  }

  @Override
  public String toString() {
    return value;
  }
}
