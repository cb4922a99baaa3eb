package dev.berth.workflows.session;

import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SessionActivities.AnswerApprovalInput;
import dev.berth.workflows.ports.SessionActivities.ApprovalStands;
import dev.berth.workflows.ports.SessionActivities.WithdrawApprovalsInput;
import dev.berth.workflows.ports.TurnActivities.TellApprovalsInput;
import dev.berth.workflows.session.SessionWorkflow.ApprovalsWaitingInput;
import io.temporal.workflow.Async;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;

/**
 * Calls that wait for a person. The log has the questions and the answers; here is what follows
 * from them: the phase, the word to the sandbox, and the end of a sandbox that only waits.
 */
final class SessionApprovals {
  private static final Logger LOG = Workflow.getLogger(SessionApprovals.class);

  /** One more look at a sandbox that works. To be removed with the marker of the snapshots. */
  private static final String SPARES = "parking-spares-work";

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private final SessionPermits permits;

  SessionApprovals(
      SessionInput input,
      SessionActivityStubs activities,
      SessionProgress progress,
      SessionPermits permits) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
    this.permits = permits;
  }

  /** What waits in a sandbox; a late word of one that was replaced says nothing. */
  void waiting(ApprovalsWaitingInput waiting) {
    var serving = progress.state().sandbox();
    if (serving != null && serving.epoch() == waiting.epoch()) {
      progress.change(state -> state.asking(waiting.calls()));
      show();
    }
  }

  ApprovalStands answer(SessionWorkflow.AnswerApprovalInput answer) {
    var call = answer.answer().toolUseId();
    var stands =
        activities
            .sessionLocally("approval: " + answer.answer().decision().wireName())
            .answerApproval(new AnswerApprovalInput(input.sessionId(), answer.answer()));
    if (answer.answer().equals(stands.answer())) {
      progress.change(state -> state.answered(call));
      show();
      tell();
    }
    return stands;
  }

  /** The turn ends here, and not in its sandbox: what it asked for is over. */
  void withdrawAll() {
    if (progress.state().asking() != null) {
      activities
          .session("withdraw approvals")
          .withdrawApprovals(new WithdrawApprovalsInput(input.sessionId()));
    }
  }

  /**
   * Waits for the end of a turn in its sandbox. When a person lets it wait for so long that the
   * sandbox is better used elsewhere, that is stopped; not while anything works in it beside the
   * call, within the bound of background work.
   *
   * @return false when the sandbox was stopped
   */
  boolean awaitTurn(SessionSandbox sandbox, Supplier<Boolean> over) {
    while (true) {
      Workflow.await(() -> over.get() || progress.state().isAsking());
      if (over.get()) {
        return true;
      }
      sandbox.stopAfter(
          input.policy().idle(),
          Workflow.getVersion(SPARES, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION
              ? Duration.ZERO
              : input.policy().background(),
          "sandbox of a turn that waits for a person",
          SandboxEndReason.PARKED,
          () -> over.get() || !progress.state().isAsking());
      if (progress.state().sandbox() == null) {
        return false;
      }
    }
  }

  /**
   * Waits, without a sandbox and a permit, until a person has decided about every call and there is
   * a permit again.
   *
   * @return whether they did, or the turn was cut, before the session's retention was over
   */
  boolean awaitAnswers(Supplier<Boolean> cut) {
    permits.giveBack();
    if (!TimedWait.await(
        input.policy().retention(),
        "answer of a person",
        () -> !progress.state().isAsking() || cut.get())) {
      return false;
    }
    return permits.acquire(() -> !cut.get()) || cut.get();
  }

  private void show() {
    if (progress.state().isAsking()) {
      if (progress.state().phase() instanceof Phase.Running) {
        progress.show(new Phase.RequiresAction());
      }
    } else if (progress.state().phase() instanceof Phase.RequiresAction
        && progress.state().sandbox() != null) {
      progress.show(new Phase.Running());
    }
  }

  private void tell() {
    var serving = progress.state().sandbox();
    if (serving == null) {
      return;
    }
    var told =
        Async.procedure(
            activities.interrupt(serving.hostId(), "tell what was approved")::tellApprovals,
            new TellApprovalsInput(input.sessionId(), serving.sandboxId(), serving.epoch()));
    told.handle((done, failure) -> {
      if (failure != null) {
        LOG.warn("sandbox {} hears of the answer when it is back", serving.sandboxId(), failure);
      }
      return null;
    });
  }
}
