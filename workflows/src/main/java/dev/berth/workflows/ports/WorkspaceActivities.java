package dev.berth.workflows.ports;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import io.temporal.activity.ActivityInterface;

/** The files of sessions on one host; carried out by the worker of that host. */
@ActivityInterface(namePrefix = "Workspace")
public interface WorkspaceActivities {
  /**
   * Makes the files safe that a turn left behind: as a snapshot in object storage, when they
   * changed since the last one. The session goes on meanwhile.
   *
   * <ul>
   *   <li>Idempotent by {@code (session, turn)}.
   *   <li>Errors: {@code UNAVAILABLE}, {@code TIMED_OUT} (retryable), {@code INTERNAL} (final). The
   *       files on the host are as they were after any of them, and the next turn's snapshot has
   *       what this one would have had.
   * </ul>
   */
  SnapshotResult snapshot(SnapshotInput input);

  /**
   * Makes the files safe as a running turn has them: as a crash would leave them at the place in
   * the log where the session is. Nothing is done when the turn has ended meanwhile.
   *
   * <ul>
   *   <li>A repeat takes another one, at a later place.
   *   <li>Errors: as those of {@link #snapshot}.
   * </ul>
   */
  SnapshotResult snapshotRunning(SnapshotInput input);

  /**
   * @param turnId the turn that ended, or that runs
   */
  record SnapshotInput(
      ProjectId projectId, SessionId sessionId, SandboxId sandboxId, int epoch, TurnId turnId) {}

  record SnapshotResult(Outcome outcome) {}

  /** What became of a snapshot. */
  enum Outcome {
    /** The files are in object storage, as nobody wrote to them, and the store was checked. */
    QUIESCED,
    /**
     * The files are in object storage as a crash would have left them: somebody wrote meanwhile.
     */
    CRASH_CONSISTENT,
    /** There was nothing to store. */
    UNCHANGED,
    /** The workspace had moved on to another sandbox; its turns make it safe. */
    DISCARDED,
    /** This host keeps no snapshots. */
    OFF
  }
}
