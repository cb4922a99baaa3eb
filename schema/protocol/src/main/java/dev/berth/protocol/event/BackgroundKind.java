package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What an agent had at work beside itself. */
public enum BackgroundKind {
  /** A command of its shell that it had put in the background. */
  COMMAND,
  /** An agent that it had started, whether it waited for it or not. */
  SUBAGENT,
  /** Anything else, as a workflow or a tool of a server. */
  OTHER;

  @JsonCreator
  public static BackgroundKind of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
