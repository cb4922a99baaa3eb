package dev.berth.workflows.ports;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.StopReason;
import io.temporal.activity.ActivityInterface;

/** Turns in the sandboxes of one host; carried out by the worker of that host. */
@ActivityInterface(namePrefix = "Turn")
public interface TurnActivities {
  /**
   * Hands the agent a message and waits for the end of its turn; everything that happens goes to
   * the event log on the way. Heartbeats carry how far it came.
   *
   * <ul>
   *   <li>Idempotent by turn: a turn that ended is not run again, its end is given; a turn that
   *       still runs in its sandbox is joined.
   *   <li>Fails with {@code SANDBOX_LOST} when the sandbox is gone, {@code SUPERSEDED} when another
   *       one serves the session; both final. Losing the worker only repeats the activity.
   * </ul>
   */
  TurnResult run(RunTurnInput input);

  /**
   * Asks the agent to end the turn; when it does not in the grace time, its sandbox is removed. The
   * outcome is seen by {@link #run}.
   */
  InterruptTurnResult interrupt(InterruptTurnInput input);

  /**
   * Tells a sandbox what was decided about the calls that wait in it. One that is not reached hears
   * it when it is back, and its successor when it begins.
   */
  void tellApprovals(TellApprovalsInput input);

  record TellApprovalsInput(SessionId sessionId, SandboxId sandboxId, int epoch) {}

  /**
   * @param number counts the session's turns from 1
   * @param attempt 1, or more when a sandbox was lost under the turn
   */
  record RunTurnInput(
      ProjectId projectId,
      SessionId sessionId,
      SandboxId sandboxId,
      int epoch,
      TurnId turnId,
      MessageId messageId,
      long number,
      int attempt) {}

  /**
   * @param lastSeq number of the last event of the turn
   * @param idle whether the log says already that the session is idle
   */
  record TurnResult(StopReason stopReason, long lastSeq, boolean idle) {}

  record InterruptTurnInput(SessionId sessionId, SandboxId sandboxId, int epoch, TurnId turnId) {}

  /**
   * @param delivered whether the turn was still running in the sandbox
   */
  record InterruptTurnResult(boolean delivered) {}
}
