package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.db.ApprovalLog;
import dev.berth.db.ApprovalLog.AskedCall;
import dev.berth.db.ApprovalLog.Standing;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeCommand.ApprovalAnswer;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionStatus;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one sandbox that wait for a person. What is asked and answered stands in the log; the
 * bridge is told of it now, and again whenever it comes back.
 */
public final class SandboxApprovals {
  private final DSLContext db;
  private final Serving serving;
  private final Consumer<BridgeCommand> bridge;
  private final AtomicBoolean changed = new AtomicBoolean();

  SandboxApprovals(DSLContext db, Serving serving, Consumer<BridgeCommand> bridge) {
    this.db = db;
    this.serving = serving;
    this.bridge = bridge;
  }

  /**
   * The calls that wait, oldest first, when that may have changed since this was asked last; else
   * null.
   */
  public @Nullable List<String> waitingIfChanged() {
    if (!changed.getAndSet(false)) {
      return null;
    }
    try {
      return ApprovalLog.open(db, serving.session());
    } catch (DataAccessException away) {
      changed.set(true);
      throw away;
    }
  }

  /** Whether a call of the session waits, whichever sandbox asked for it. */
  public boolean isWaiting() {
    return !ApprovalLog.open(db, serving.session()).isEmpty();
  }

  /** Something may wait now, or does not any more. */
  public void mayHaveChanged() {
    changed.set(true);
  }

  /** Tells the bridge every answer for a call that has not ended. */
  public void deliver() {
    ApprovalLog.asked(db, serving.session()).stream()
        .filter(call -> !call.ended())
        .map(AskedCall::answer)
        .forEach(answer -> {
          if (answer != null) {
            send(answer);
          }
        });
    mayHaveChanged();
  }

  /** The bridge asks what was asked before: what was decided meanwhile holds. */
  void askedAgain(String toolUseId) {
    switch (ApprovalLog.find(db, serving.session(), toolUseId)) {
      case Standing.Answered(var answer) -> {
        send(answer);
        runs(toolUseId);
      }
      case Standing.Ended() -> {
        bridge.accept(new ApprovalAnswer(toolUseId, ApprovalDecision.WITHDRAW, null));
        runs(toolUseId);
      }
      case Standing.Open(), Standing.Unknown() -> {}
    }
  }

  private void send(ApprovalAnswered answer) {
    bridge.accept(new ApprovalAnswer(answer.toolUseId(), answer.decision(), answer.reason()));
  }

  /** The question was asked in vain, and its status with it. */
  private void runs(String toolUseId) {
    if (isWaiting()) {
      return;
    }
    var _ =
        EventLog.append(
            db,
            new Request(
                serving.session(),
                new EventWriter.Sandbox(serving.epoch()),
                List.of(
                    NewEvent.of(
                        "%s/%d/known"
                            .formatted(ApprovalLog.requestedId(toolUseId), serving.epoch()),
                        new StatusChanged(SessionStatus.RUNNING, null)))));
  }
}
