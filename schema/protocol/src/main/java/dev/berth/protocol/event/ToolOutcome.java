package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a tool call ended. */
public enum ToolOutcome {
  /** It ran and gave a result. */
  COMPLETED,
  /** It ran, and failed or was cut. */
  FAILED,
  /** It did not run. */
  DENIED,
  /** It ran for as long as a call may, and was ended. */
  TIMED_OUT;

  @JsonCreator
  public static ToolOutcome of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
