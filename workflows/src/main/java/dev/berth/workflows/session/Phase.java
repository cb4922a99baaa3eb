package dev.berth.workflows.session;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionStatus;
import org.jspecify.annotations.Nullable;

/** Where a session stands. What must be remembered beside it is in {@link SessionState}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
public sealed interface Phase {
  /** A sandbox is being started; messages wait. */
  @JsonTypeName("provisioning")
  record Provisioning() implements Phase {}

  /** A message is to be run and waits for what it needs. */
  @JsonTypeName("queued")
  record Queued() implements Phase {}

  @JsonTypeName("running")
  record Running() implements Phase {}

  /**
   * The turn lost its sandbox; another one is being started.
   *
   * @param lost how; null in a session that remembers it from an earlier worker
   */
  @JsonTypeName("recovering")
  record Recovering(@Nullable SandboxEndReason lost) implements Phase {}

  /** A message is to be run and what it needs is away; it goes on when that is back. */
  @JsonTypeName("stalled")
  record Stalled(PlatformPart away) implements Phase {}

  /** Nothing is to be done. */
  @JsonTypeName("idle")
  record Idle() implements Phase {}

  /** Nothing is to be done and the sandbox is gone; the next message brings a new one. */
  @JsonTypeName("hibernated")
  record Hibernated() implements Phase {}

  @JsonTypeName("closed")
  record Closed() implements Phase {}

  /** The status that clients see. */
  default SessionStatus status() {
    return switch (this) {
      case Provisioning(), Queued() -> SessionStatus.QUEUED;
      case Running() -> SessionStatus.RUNNING;
      case Recovering(_), Stalled(_) -> SessionStatus.RESCHEDULING;
      case Idle(), Hibernated() -> SessionStatus.IDLE;
      case Closed() -> SessionStatus.TERMINATED;
    };
  }

  /** Why the session does not go on, in the words of its events; null while it does. */
  default @Nullable String reason() {
    return switch (this) {
      case Recovering(var lost) -> lost == null ? null : lost.wireName();
      case Stalled(var away) -> away.wireName();
      case Provisioning(), Queued(), Running(), Idle(), Hibernated(), Closed() -> null;
    };
  }

  /** The phase as the search attribute has it. */
  default String label() {
    return switch (this) {
      case Provisioning() -> "provisioning";
      case Queued() -> "queued";
      case Running() -> "running";
      case Recovering(_) -> "recovering";
      case Stalled(_) -> "stalled";
      case Idle() -> "idle";
      case Hibernated() -> "hibernated";
      case Closed() -> "closed";
    };
  }
}
