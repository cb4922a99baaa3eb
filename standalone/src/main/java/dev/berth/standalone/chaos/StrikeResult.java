package dev.berth.standalone.chaos;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What one strike led to.
 *
 * @param what was planned: it and when, in words
 * @param afterEvents how many the client had when the strike was over, which may be some more than
 *     was planned; null when there was nothing to strike
 * @param atMs when it struck, after the session was begun; null when there was nothing to strike
 * @param recoveryMs to the next event in the log; null when none had to come
 */
public record StrikeResult(
    Component component,
    StrikeKind kind,
    String what,
    @JsonProperty("after_events") @Nullable Integer afterEvents,
    @JsonProperty("at_ms") @Nullable Long atMs,
    @JsonProperty("recovery_ms") @Nullable Long recoveryMs) {
  /** Whether there was something to strike. */
  boolean struck() {
    return atMs != null;
  }

  /** Whether it struck, and in that way. */
  boolean struckBy(StrikeKind way) {
    return struck() && kind == way;
  }

  String describe() {
    return atMs == null ? what + " (nothing there)" : "%s (at %d ms)".formatted(what, atMs);
  }
}
