package dev.berth.workflows.session;

import dev.berth.workflows.ExternalSignals;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRelease;
import dev.berth.workflows.permits.PermitHolder.PermitGranted;
import dev.berth.workflows.permits.PermitHolder.PermitQueued;
import dev.berth.workflows.permits.PermitHolder.PermitWanted;
import dev.berth.workflows.ports.PermitActivities.RequestPermitInput;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;

/**
 * The session's side of its developer's permits. It asks for one when there is work, keeps it from
 * turn to turn, so that a warm turn asks nobody, and gives it back when its sandbox is gone, or
 * when it is idle and another session waits: the sandbox stays then, and the next turn asks again.
 */
final class SessionPermits {
  private static final Logger LOG = Workflow.getLogger(SessionPermits.class);

  /** A session that began before there were permits needs none until its next run. */
  private static final String CHANGE = "permits";

  /** A semaphore that was ended has forgotten who waits. */
  private static final Duration ASK_AGAIN = Duration.ofMinutes(5);

  private static final String REASON = "permit";

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;

  SessionPermits(SessionInput input, SessionActivityStubs activities, SessionProgress progress) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
  }

  /**
   * Waits until the session holds a permit, for as long as it needs one.
   *
   * @return whether it may work
   */
  boolean acquire(BooleanSupplier needed) {
    if (isGranted()
        || Workflow.getVersion(CHANGE, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
      return true;
    }
    if (!needed.getAsBoolean()) {
      return false;
    }
    if (progress.state().permit() == null) {
      // The id of the run that a reset goes back to stays the same, and so do the requests.
      var run = Workflow.getInfo().getOriginalExecutionRunId();
      var number = progress.state().permitRequests() + 1;
      progress.change(state -> state.askingForPermit(run + "/" + number));
      ask("ask for a permit");
    }
    while (!isGranted() && needed.getAsBoolean()) {
      if (isQueuedUnseen()) {
        progress.enter(new Phase.Queued(), REASON);
      }
      if (!TimedWait.await(
          ASK_AGAIN,
          "waits for a permit",
          () -> isGranted() || !needed.getAsBoolean() || isQueuedUnseen())) {
        ask("ask again for a permit");
      }
    }
    return isGranted();
  }

  /** The session is idle: gives back what it does not need. */
  void settle() {
    if (progress.state().sandbox() == null || !isGranted() || isToGiveBack()) {
      giveBack();
    }
  }

  /** Whether the session holds a permit that another one waits for. */
  boolean isToGiveBack() {
    var permit = progress.state().permit();
    return permit != null && permit.wanted();
  }

  /** Gives the permit back, or the request; returns when the semaphore has it. */
  void giveBack() {
    var permit = progress.state().permit();
    if (permit != null) {
      progress.change(state -> state.withPermit(null));
      release(permit.requestId());
    }
  }

  void granted(PermitGranted granted) {
    if (!answered(granted.requestId(), permit -> permit.granted(granted.wanted()))) {
      release(granted.requestId());
    }
  }

  void queued(PermitQueued queued) {
    answered(queued.requestId(), SessionPermit::queued);
  }

  void wanted(PermitWanted wanted) {
    answered(wanted.requestId(), permit -> permit.granted(true));
  }

  /** Gives whether the request is open. */
  private boolean answered(String requestId, UnaryOperator<SessionPermit> answer) {
    var permit = progress.state().permit();
    if (permit == null || !permit.requestId().equals(requestId)) {
      return false;
    }
    progress.change(state -> state.withPermit(answer.apply(permit)));
    return true;
  }

  private void ask(String summary) {
    var permit = progress.state().permit();
    if (permit != null) {
      activities
          .permits(summary)
          .request(
              new RequestPermitInput(
                  input.accountId(),
                  Workflow.getInfo().getWorkflowId(),
                  permit.requestId(),
                  input.endUserId()));
    }
  }

  private void release(String requestId) {
    var semaphore =
        Workflow.newExternalWorkflowStub(
            DeveloperSemaphoreWorkflow.class, WorkflowIds.semaphore(input.accountId()));
    var release = new PermitRelease(Workflow.getInfo().getWorkflowId(), requestId);
    if (!ExternalSignals.deliver(() -> semaphore.release(release))) {
      LOG.warn("there is no semaphore to give the permit {} back to", requestId);
    }
  }

  private boolean isGranted() {
    var permit = progress.state().permit();
    return permit != null && permit.isGranted();
  }

  /** It waits, and nobody has been told. */
  private boolean isQueuedUnseen() {
    var permit = progress.state().permit();
    return permit != null
        && permit.isQueued()
        && !(progress.state().phase() instanceof Phase.Queued);
  }
}
