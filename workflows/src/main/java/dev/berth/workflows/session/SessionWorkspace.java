package dev.berth.workflows.session;

import dev.berth.protocol.TurnId;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.WorkspaceActivities.SnapshotInput;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Workflow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Has the files of a session made safe after each turn, and now and then while a turn runs, beside
 * whatever follows. What is safe stands in the database; the workflow only sees to it that it is
 * done.
 */
final class SessionWorkspace {
  private static final Logger LOG = Workflow.getLogger(SessionWorkspace.class);

  /** To be removed when no session is left that began without snapshots: after 2027-06. */
  private static final String CHANGE = "workspace-snapshots";

  /** To be removed when no session is left that began without them: after 2027-06. */
  private static final String IN_TURN = "workspace-snapshots-in-turns";

  /** A turn without a sandbox was looked at all the same. To be removed with the former. */
  private static final String PARKED = "no-snapshots-while-parked";

  /** A turn that runs for long is made safe less and less often: after 1, 2, 4, 8, 15, 15 … min. */
  private static final int SLOWEST = 15;

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private @Nullable Wanted next;
  private boolean busy;
  private int turnsEnded;

  SessionWorkspace(SessionInput input, SessionActivityStubs activities, SessionProgress progress) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
  }

  /** A snapshot that is to be taken, of a turn that runs or has ended. */
  private record Wanted(SessionState.Sandbox sandbox, TurnId turn, long number, boolean running) {}

  /** Sees to a turn that begins now, for as long as it runs; does not wait. */
  void turnBegins() {
    if (Workflow.getVersion(IN_TURN, Workflow.DEFAULT_VERSION, 1) != Workflow.DEFAULT_VERSION) {
      Async.procedure(this::whileTheTurnRuns);
    }
  }

  /** Begins to make the files safe, and does not wait. Only the latest turn is worth a snapshot. */
  void turnEnded(TurnId turn) {
    turnsEnded++;
    var sandbox = progress.state().sandbox();
    if (sandbox == null
        || Workflow.getVersion(CHANGE, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
      return;
    }
    want(new Wanted(sandbox, turn, progress.state().turns(), false));
  }

  /** Whether nothing is being made safe. */
  boolean isQuiet() {
    return !busy;
  }

  private void whileTheTurnRuns() {
    var turn = turnsEnded;
    var first = input.policy().snapshotInTurn();
    var wait = first;
    while (!TimedWait.await(wait, "snapshot of a running turn", () -> turnsEnded != turn)) {
      var sandbox = progress.state().sandbox();
      var message = progress.state().running();
      if (!busy && sandbox != null && message != null) {
        want(new Wanted(sandbox, new TurnId(message.value()), progress.state().turns(), true));
      }
      if (sandbox == null && awaitsTheNextSandbox()) {
        Workflow.await(() -> progress.state().sandbox() != null || turnsEnded != turn);
      }
      var twice = wait.multipliedBy(2);
      var slowest = first.multipliedBy(SLOWEST);
      wait = twice.compareTo(slowest) < 0 ? twice : slowest;
    }
  }

  /** A turn may wait for a person for weeks: there is nothing to look at meanwhile. */
  private static boolean awaitsTheNextSandbox() {
    return Workflow.getVersion(PARKED, Workflow.DEFAULT_VERSION, 1) != Workflow.DEFAULT_VERSION;
  }

  private void want(Wanted wanted) {
    next = wanted;
    if (!busy) {
      busy = true;
      Async.procedure(this::snapshots);
    }
  }

  private void snapshots() {
    try {
      for (var wanted = next; wanted != null; wanted = next) {
        next = null;
        snapshot(wanted);
      }
    } finally {
      busy = false;
    }
  }

  private void snapshot(Wanted wanted) {
    var what =
        new SnapshotInput(
            input.projectId(),
            input.sessionId(),
            wanted.sandbox().sandboxId(),
            wanted.sandbox().epoch(),
            wanted.turn());
    var when = wanted.running() ? "in" : "after";
    var workspace =
        activities.workspace(
            wanted.sandbox().hostId(), "snapshot %s turn %d".formatted(when, wanted.number()));
    try {
      var _ = wanted.running() ? workspace.snapshotRunning(what) : workspace.snapshot(what);
    } catch (ActivityFailure failure) {
      if (SessionSandbox.isCancelled(failure)) {
        throw failure;
      }
      LOG.warn("the files of turn {} are on their host only", wanted.turn(), failure);
    }
  }
}
