package dev.berth.practicemodel.answer;

import java.util.Locale;

/** What a request was about; shown when requests are read back. */
public enum Purpose {
  /** A script in the words of the user. */
  SCRIPT,
  /** A demo prompt. */
  SCENARIO,
  /** Steps that cannot be read. */
  MALFORMED,
  /** Anything else that the user said. */
  INTRODUCTION,
  /** The agent asked again after the last round. */
  AFTERWARDS,
  /** The agent asked something on the side, for itself. */
  TITLE,
  COMPACTION,
  SUGGESTION,
  PROGRESS,
  SAFETY,
  WEB,
  PROBE,
  STRUCTURED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
