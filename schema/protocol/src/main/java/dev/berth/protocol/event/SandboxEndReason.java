package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Why a sandbox ended. The list is closed. */
public enum SandboxEndReason {
  /** Nothing happened in it for the idle time; the session goes on without it. */
  IDLE,
  /** A call waited in it for a person for the idle time; its turn goes on in another one. */
  PARKED,
  /** The session was completed by its client. */
  COMPLETED,
  /** The session was closed. */
  CLOSED,
  /** Its main process ended by itself. */
  EXITED,
  /** Something outside killed it. */
  KILLED,
  /** It used more memory than its tier allows. */
  OOM_KILLED,
  /** It used more disk than its tier allows, or the host has none left. */
  DISK_FULL,
  /** It did not come up. */
  START_FAILED,
  /** Its bridge said nothing for too long. */
  SILENT,
  /** The agent process in it ended by itself. */
  AGENT_EXITED,
  /** Its agent was started and never said that it is ready. */
  START_TIMED_OUT,
  /** Its agent hung: it did not come to rest after a result, or did not take the next message. */
  AGENT_HUNG,
  /** Its agent said nothing for too long while it waited for the model. */
  STREAM_WEDGED,
  /** One of its tool calls ran longer than a call may, and could not be ended alone. */
  TOOL_TIMED_OUT,
  /** The turn in it took longer than a turn may. */
  TURN_TIMED_OUT,
  /** Its host does not answer any more. */
  HOST_LOST,
  /** A newer sandbox serves the session. */
  SUPERSEDED,
  /** No session claims it. */
  ORPHANED;

  @JsonCreator
  public static SandboxEndReason of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
