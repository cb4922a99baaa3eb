package dev.berth.workflows.ports;

import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.StopReason;
import io.temporal.activity.ActivityInterface;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a session needs from the database; any worker can do it. */
@ActivityInterface(namePrefix = "Session")
public interface SessionActivities {
  /**
   * Gives the session a new epoch, which shuts out whatever served it before, and chooses a host
   * and a sandbox id for it.
   *
   * <ul>
   *   <li>Idempotent by {@code (session, key)}: a repeat gives the same epoch and sandbox.
   *   <li>Errors: {@code SESSION_NOT_FOUND} (final), {@code UNAVAILABLE}: no host, or no database;
   *       the session waits for it.
   * </ul>
   */
  Allocated allocate(AllocateInput input);

  /** Whether a host is there that is not this one. */
  boolean hasAnotherHost(AnotherHostInput input);

  /** Stores events that the workflow itself causes. Idempotent by the events' ids. */
  RecordResult record(RecordInput input);

  /**
   * Ends a turn that no sandbox will end any more. When the log holds an end of the turn already,
   * that end stands.
   */
  EndTurnResult endTurn(EndTurnInput input);

  /**
   * Answers for a call that waits for a person. The first answer to a call stands, and every later
   * one hears it.
   */
  ApprovalStands answerApproval(AnswerApprovalInput input);

  /** The turn is over: no call of the session waits for a person any more. Idempotent. */
  void withdrawApprovals(WithdrawApprovalsInput input);

  record AnswerApprovalInput(SessionId sessionId, ApprovalAnswered answer) {}

  /**
   * @param answer the one that stands; null when there is none, and the call does not wait
   */
  record ApprovalStands(@Nullable ApprovalAnswered answer) {}

  record WithdrawApprovalsInput(SessionId sessionId) {}

  /**
   * @param key names this allocation in the life of the session
   * @param avoid hosts that do not answer
   * @param events stored in the same transaction
   */
  record AllocateInput(
      ProjectId projectId,
      SessionId sessionId,
      String key,
      List<HostId> avoid,
      List<NamedEvent> events) {}

  record AnotherHostInput(HostId hostId) {}

  record Allocated(HostId hostId, SandboxId sandboxId, int epoch) {}

  record RecordInput(SessionId sessionId, List<NamedEvent> events) {}

  /**
   * @param id stable: the same event has the same id in every attempt and replay
   */
  record NamedEvent(String id, SessionEvent event) {}

  /**
   * @param lastSeq number of the last of the events
   */
  record RecordResult(long lastSeq) {}

  /**
   * @param stopReason {@code INTERRUPTED}, {@code WITHDRAWN}, or why the turn failed
   * @param problem what went wrong, absent for a turn that was interrupted or withdrawn
   */
  record EndTurnInput(
      SessionId sessionId,
      TurnId turnId,
      MessageId messageId,
      StopReason stopReason,
      @Nullable Problem problem) {}

  /**
   * @param stopReason of the end that stands in the log
   */
  record EndTurnResult(StopReason stopReason) {}
}
