package dev.berth.workflows.session;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SessionActivities.ApprovalStands;
import io.temporal.workflow.ContinueAsNewOptions;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.time.Duration;
import java.util.List;

/**
 * The loop of a session: wait until there is something to do, do it, begin a new run now and then.
 * What may be asked of it from outside only changes the state; the loop acts on it.
 */
public final class SessionWorkflowImpl implements SessionWorkflow {
  /** Keeps replays short and the history far below its limits (about 25 events a turn). */
  private static final int TURNS_PER_RUN = 100;

  /** A run that ended with messages in its queue is new to sessions that began before. */
  private static final String CONTINUES_BUSY = "continues-busy";

  /** A client that comes back within the linger keeps its sandbox; it did not in earlier runs. */
  private static final String RETURNS = "keeps-who-returns";

  /** The end of a socket that was not there completed the session in earlier runs. */
  private static final String KNOWS_SOCKETS = "knows-its-sockets";

  private final SessionInput input;
  private final SessionProgress progress;
  private final SessionSandbox sandbox;
  private final SessionWorkspace workspace;
  private final SessionApprovals approvals;
  private final SessionTurn turn;
  private final SessionPermits permits;

  @WorkflowInit
  public SessionWorkflowImpl(SessionInput input) {
    var activities = new SessionActivityStubs(input);
    this.input = input;
    this.progress = new SessionProgress(input, activities);
    this.sandbox = new SessionSandbox(input, activities, progress);
    this.workspace = new SessionWorkspace(input, activities, progress);
    this.permits = new SessionPermits(input, activities, progress);
    this.approvals = new SessionApprovals(input, activities, progress, permits);
    this.turn = new SessionTurn(input, activities, progress, sandbox, approvals);
  }

  @Override
  public void run(SessionInput sameInput) {
    while (state().closing() == null) {
      if (!state().queue().isEmpty()) {
        if (isBusyRunOver()) {
          beginNewRun();
        }
        // A message that waits for a permit stays in the queue, where it can be withdrawn.
        // It may have been withdrawn in the moment in which the permit came.
        if ((permits.acquire(this::isHeadToRun) && !state().queue().isEmpty()) || isHeadCut()) {
          workspace.turnBegins();
          workspace.turnEnded(turn.runNext());
        }
      } else if (state().completing() != null) {
        complete();
      } else if (state().wanted() && state().sandbox() == null) {
        if (permits.acquire(() -> state().wanted() && !isThereWork())) {
          sandbox.startAhead();
        }
      } else if (isRunLongEnough()) {
        continueAsNew();
      } else {
        idle();
      }
    }
    turn.endWaiting(
        StopReason.CLOSED, new Problem(ProblemType.SESSION_CLOSED, "The session was closed."));
    sandbox.stop(SandboxEndReason.CLOSED);
    permits.giveBack();
    progress.enter(new Phase.Closed(), state().closing());
    Workflow.await(Workflow::isEveryHandlerFinished);
  }

  @Override
  public OpenResult openSession(OpenInput open) {
    progress.change(state -> state.opened(open.connectionId()));
    return new OpenResult(state().phase().status(), state().queue().size());
  }

  @Override
  public SubmitResult submitMessage(SubmitInput message) {
    var repeated = state().knows(message.messageId());
    var closed = state().closing() != null;
    if (!repeated && !closed) {
      progress.change(state -> state.submitted(message.messageId(), message.interrupts()));
    }
    return new SubmitResult(state().position(message.messageId()), repeated, closed);
  }

  @Override
  public WithdrawResult withdraw(WithdrawInput withdraw) {
    var message = withdraw.messageId();
    if (message.equals(state().running()) || message.equals(state().cut())) {
      return new WithdrawResult(false);
    }
    progress.change(state -> state.withdrawn(message));
    return new WithdrawResult(turn.withdraw(message) == StopReason.WITHDRAWN);
  }

  @Override
  public InterruptResult interrupt(InterruptInput interrupt) {
    var cut = state().firstToEnd();
    if (cut == null || (interrupt.messageId() != null && !cut.equals(interrupt.messageId()))) {
      return new InterruptResult(null, state().queue());
    }
    progress.change(state -> state.cutting(cut));
    var waiting = state().queue().stream().filter(message -> !message.equals(cut)).toList();
    if (!interrupt.untilEnded()) {
      return new InterruptResult(cut, waiting);
    }
    Workflow.await(() -> !state().isOpen(cut));
    return new InterruptResult(state().lastStop() == StopReason.INTERRUPTED ? cut : null, waiting);
  }

  @Override
  public ApprovalStands answerApproval(AnswerApprovalInput answer) {
    return approvals.answer(answer);
  }

  @Override
  public void approvalsWaiting(ApprovalsWaitingInput waiting) {
    approvals.waiting(waiting);
  }

  @Override
  public void disconnected(DisconnectedInput socket) {
    // Told twice, or of a socket that never came to be: whoever uses the session loses nothing by
    // it.
    if (!state().connections().contains(socket.connectionId())
        && Workflow.getVersion(KNOWS_SOCKETS, Workflow.DEFAULT_VERSION, 1)
            != Workflow.DEFAULT_VERSION) {
      return;
    }
    progress.change(state -> state.disconnected(socket.connectionId(), socket.asked()));
  }

  @Override
  public void sandboxEnded(SandboxEndedInput ended) {
    var current = state().sandbox();
    if (current != null && current.epoch() == ended.epoch() && state().running() == null) {
      progress.change(state -> state.withoutSandbox(ended.reason()));
    }
  }

  @Override
  public void permitGranted(PermitGranted granted) {
    permits.granted(granted);
  }

  @Override
  public void permitQueued(PermitQueued queued) {
    permits.queued(queued);
  }

  @Override
  public void permitWanted(PermitWanted wanted) {
    permits.wanted(wanted);
  }

  @Override
  public void close(CloseInput close) {
    progress.change(state -> state.withClosing(close.reason()));
  }

  @Override
  public void refresh() {
    progress.change(SessionState::withRefreshing);
  }

  @Override
  public SessionView status() {
    var current = state().sandbox();
    return new SessionView(
        state().phase(),
        state().running(),
        state().queue(),
        current == null ? 0 : current.epoch(),
        current == null ? null : current.sandboxId(),
        state().turns(),
        state().lastStop());
  }

  private SessionState state() {
    return progress.state();
  }

  /** The session is over for its client; it stays resumable, and keeps its sandbox for a moment. */
  private void complete() {
    var reason = String.valueOf(state().completing());
    progress.change(SessionState::completed);
    progress.record("completed: " + reason, List.of(new SessionEvent.SessionCompleted(reason)));
    permits.giveBack();
    if (state().sandbox() != null) {
      progress.enter(new Phase.Idle(), reason);
      var keeps =
          Workflow.getVersion(RETURNS, Workflow.DEFAULT_VERSION, 1) != Workflow.DEFAULT_VERSION;
      // Whoever closes a session wants nothing more of it; whoever lost its socket may come back.
      sandbox.stopAfter(
          input.policy().completionLinger(),
          reason.equals(SessionState.CLOSED_BY_CLIENT)
              ? Duration.ZERO
              : input.policy().background(),
          "sandbox of a completed session",
          SandboxEndReason.COMPLETED,
          () -> isThereSomethingToDo() || (keeps && state().wanted()));
    }
  }

  private void idle() {
    permits.settle();
    if (state().sandbox() == null) {
      progress.enter(new Phase.Hibernated(), lastStop());
      if (!TimedWait.await(
          input.policy().retention(), "session without a sandbox", this::isThereSomethingToDo)) {
        progress.change(state -> state.withClosing("retention"));
      }
      return;
    }
    progress.enter(new Phase.Idle(), lastStop());
    sandbox.stopAfter(
        input.policy().idle(),
        input.policy().background(),
        "sandbox of an idle session",
        SandboxEndReason.IDLE,
        this::isThereSomethingToDo);
  }

  private boolean isHeadToRun() {
    return state().closing() == null && !state().queue().isEmpty() && !isHeadCut();
  }

  /** The first message was interrupted before its turn; the turn says so, and needs no permit. */
  private boolean isHeadCut() {
    return state().closing() == null
        && !state().queue().isEmpty()
        && state().queue().getFirst().equals(state().cut());
  }

  private boolean isThereWork() {
    return !state().queue().isEmpty() || state().completing() != null || state().closing() != null;
  }

  private boolean isThereSomethingToDo() {
    return isThereWork()
        || state().refreshing()
        || permits.isToGiveBack()
        || (state().sandbox() == null) != (state().phase() instanceof Phase.Hibernated)
        || (state().wanted() && state().sandbox() == null);
  }

  private boolean isRunLongEnough() {
    return state().refreshing()
        || state().turnsThisRun() >= TURNS_PER_RUN
        || Workflow.getInfo().isContinueAsNewSuggested();
  }

  private void continueAsNew() {
    Workflow.await(() ->
        isThereWork()
            || (Workflow.isEveryHandlerFinished() && workspace.isQuiet() && sandbox.isQuiet()));
    if (isThereWork()) {
      return;
    }
    beginNewRun();
  }

  /**
   * Whether a session that always has messages to run begins a new run between two of them: it may
   * never have an idle moment. The snapshot of the turn before is waited for in vain only so long;
   * the next turn's has what it would have had.
   */
  private boolean isBusyRunOver() {
    return isRunLongEnough()
        && Workflow.isEveryHandlerFinished()
        && sandbox.isQuiet()
        && (workspace.isQuiet() || state().turnsThisRun() >= 2 * TURNS_PER_RUN)
        && Workflow.getVersion(CONTINUES_BUSY, Workflow.DEFAULT_VERSION, 1)
            != Workflow.DEFAULT_VERSION;
  }

  private void beginNewRun() {
    Workflow.newContinueAsNewStub(
            SessionWorkflow.class,
            ContinueAsNewOptions.newBuilder().setTaskQueue(TaskQueues.SESSIONS).build())
        .run(input.carrying(state().carriedOver()));
  }

  private String lastStop() {
    var reason = state().lastStop();
    return reason == null ? "new" : reason.wireName();
  }
}
