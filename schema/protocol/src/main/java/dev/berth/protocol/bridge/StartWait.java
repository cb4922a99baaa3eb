package dev.berth.protocol.bridge;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Which tool calls run only when their start is in the log. */
public enum StartWait {
  /** Every call: of one whose start is not in the log it is known that it did not run. */
  ALL,
  /**
   * Every call but those of the Agent SDK's tools that only read. Such a call may have run though
   * the log lacks its start.
   */
  SIDE_EFFECTING,
  /**
   * None: what a sandbox did in its last moments may be missing in the log, with its side effects.
   */
  NONE;

  @JsonCreator
  public static StartWait of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
