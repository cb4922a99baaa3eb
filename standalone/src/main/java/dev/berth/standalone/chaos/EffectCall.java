package dev.berth.standalone.chaos;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A tool call that started, and what the log says of its effect.
 *
 * @param unknown whether nobody knows if it ran to its end: the model may ask for its effect again
 * @param completedAt the number of the event that says that it ran to its end without a failure;
 *     {@link #NEVER} when none does
 */
record EffectCall(String id, Effect effect, boolean unknown, long completedAt) {
  static final long NEVER = Long.MAX_VALUE;

  /** The calls that the log says have started: no other one may have an effect. */
  static List<EffectCall> in(List<JsonNode> log) {
    return new CallLog(log).started();
  }

  /** Whether a line that begins with this word is the call's own. */
  boolean writes(String word) {
    return effect instanceof Effect.Own(var own) && own.equals(word);
  }

  /**
   * Whether the model may ask for that line again, since it was told that the outcome is unknown.
   */
  boolean excuses(String word) {
    return unknown
        && switch (effect) {
          case Effect.Own(var own) -> own.equals(word);
          case Effect.Delegated(var words) -> words.contains(word);
          case Effect.None(), Effect.Untold() -> false;
        };
  }
}
