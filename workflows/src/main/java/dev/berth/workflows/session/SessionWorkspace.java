package dev.berth.workflows.session;

import dev.berth.protocol.TurnId;
import dev.berth.workflows.ports.WorkspaceActivities.SnapshotInput;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Workflow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Has the files of a session made safe after each turn, beside whatever follows. What is safe
 * stands in the database; the workflow only sees to it that it is done.
 */
final class SessionWorkspace {
  private static final Logger LOG = Workflow.getLogger(SessionWorkspace.class);

  /** To be removed when no session is left that began without snapshots: after 2027-06. */
  private static final String CHANGE = "workspace-snapshots";

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private @Nullable Ended next;
  private boolean busy;

  SessionWorkspace(SessionInput input, SessionActivityStubs activities, SessionProgress progress) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
  }

  /** A turn that ended in a sandbox. */
  private record Ended(SessionState.Sandbox sandbox, TurnId turn, long number) {}

  /** Begins to make the files safe, and does not wait. Only the latest turn is worth a snapshot. */
  void turnEnded(TurnId turn) {
    var sandbox = progress.state().sandbox();
    if (sandbox == null
        || Workflow.getVersion(CHANGE, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
      return;
    }
    next = new Ended(sandbox, turn, progress.state().turns());
    if (!busy) {
      busy = true;
      Async.procedure(this::snapshots);
    }
  }

  /** Whether nothing is being made safe. */
  boolean isQuiet() {
    return !busy;
  }

  private void snapshots() {
    try {
      for (var ended = next; ended != null; ended = next) {
        next = null;
        snapshot(ended);
      }
    } finally {
      busy = false;
    }
  }

  private void snapshot(Ended ended) {
    try {
      activities
          .workspace(ended.sandbox().hostId(), "snapshot after turn " + ended.number())
          .snapshot(
              new SnapshotInput(
                  input.projectId(),
                  input.sessionId(),
                  ended.sandbox().sandboxId(),
                  ended.sandbox().epoch(),
                  ended.turn()));
    } catch (ActivityFailure failure) {
      if (SessionSandbox.isCancelled(failure)) {
        throw failure;
      }
      LOG.warn("the files of turn {} are on their host only", ended.turn(), failure);
    }
  }
}
