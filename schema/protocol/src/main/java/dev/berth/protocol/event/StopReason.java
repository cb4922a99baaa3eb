package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Why a turn ended. The list is closed: each is visible in the event, the session row and the
 * search attribute.
 */
public enum StopReason {
  /** The agent had nothing more to say. */
  END_TURN,
  /** The agent used all of the model calls that it may use for one message. */
  MAX_TURNS,
  /** A budget ran out. */
  BUDGET_EXHAUSTED,
  /** The model never produced output that fits the schema. */
  STRUCTURED_OUTPUT_RETRIES,
  /** The model refused. */
  REFUSAL,
  /** A client interrupted the turn. */
  INTERRUPTED,
  /** The model's provider answered with an error that is not worth repeating. */
  MODEL_ERROR,
  /** The agent itself failed in the turn. */
  AGENT_ERROR,
  /** The sandbox has no room left on its disk. */
  DISK_FULL,
  /** The turn ran longer than a turn may. */
  TIMED_OUT,
  /** No sandbox could be started for the turn. */
  SANDBOX_FAILED,
  /** The turn lost its sandbox more often than it may. */
  RETRIES_EXHAUSTED,
  /** The session was closed under the turn. */
  CLOSED,
  /** The message was withdrawn before its turn began. */
  WITHDRAWN,
  /** A part of the platform was away for longer than a turn waits; the problem says which. */
  UNAVAILABLE,
  /**
   * What the agent remembers is lost: it does not go on without it unless the session is restarted.
   */
  TRANSCRIPT_MISSING;

  @JsonCreator
  public static StopReason of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
