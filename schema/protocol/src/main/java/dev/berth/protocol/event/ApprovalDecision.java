package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What was decided about a call that waited for a person. */
public enum ApprovalDecision {
  /** It runs, once. */
  ALLOW,
  /** It does not run. */
  DENY,
  /** It does not run, because nobody wants it any more. */
  WITHDRAW;

  @JsonCreator
  public static ApprovalDecision of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
