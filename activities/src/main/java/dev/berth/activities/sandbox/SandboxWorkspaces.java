package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.workspace.UnreadableSnapshot;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceRecords.Kept;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the files of a session into its next sandbox: from the sandbox before it when that was on
 * this host, else from the newest snapshot that can be read. Where that is older than the
 * transcript, the log says so before the sandbox starts.
 */
final class SandboxWorkspaces {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxWorkspaces.class);

  /** Nothing was written before it. */
  private static final int FIRST_EPOCH = 1;

  private final SandboxFolders folders;
  private final SandboxRecords sandboxes;
  private final WorkspaceRecords records;
  private final WorkspaceSnapshots snapshots;
  private final GroupCommit log;
  private final long diskFloor;

  /**
   * @param diskFloor bytes that the host must have left
   */
  SandboxWorkspaces(
      SandboxFolders folders,
      SandboxRecords sandboxes,
      WorkspaceRecords records,
      WorkspaceSnapshots snapshots,
      GroupCommit log,
      long diskFloor) {
    this.folders = folders;
    this.sandboxes = sandboxes;
    this.records = records;
    this.snapshots = snapshots;
    this.log = log;
    this.diskFloor = diskFloor;
  }

  /**
   * Makes the directories of a sandbox.
   *
   * @param earlier sandboxes of the session on this host, latest first
   */
  void prepare(Serving serving, List<SandboxId> earlier) {
    if (serving.epoch() > FIRST_EPOCH && !isHere(serving, earlier)) {
      restore(serving);
    }
    folders.prepare(serving.sandbox(), earlier);
  }

  /** The id of the event that says it when the files of a sandbox are older than the transcript. */
  static String rolledBackId(Serving serving) {
    return "workspace/%d/rolled_back".formatted(serving.epoch());
  }

  /** Whether the files that the session last worked with are on this host. */
  private boolean isHere(Serving serving, List<SandboxId> earlier) {
    if (folders.hasWorkspace(serving.sandbox())) {
      return true;
    }
    var here = folders.latestWorkspace(earlier);
    return here != null && !sandboxes.servedElsewhereSince(here);
  }

  /** What came back, null when nothing did, and how many newer copies could not be read. */
  private record Restored(@Nullable Kept kept, int unreadable) {}

  private void restore(Serving serving) {
    var began = System.nanoTime();
    var back = newestReadable(serving);
    var restored = back.kept();
    var seq = restored == null ? 0 : restored.safe().moment().seq();
    var lost = records.turnsSince(serving.session(), seq);
    if (lost > 0) {
      // Before the files are in their place: a start that is repeated then says it again, under the
      // same id, and never not at all.
      rolledBack(serving, rolledBack(serving, back, lost));
    }
    if (restored != null) {
      folders.settleRestored(serving.sandbox());
    }
    LOG.atInfo()
        .addKeyValue("session", serving.session())
        .addKeyValue("files", restored == null ? 0 : restored.safe().files())
        .addKeyValue("bytes", restored == null ? 0 : restored.safe().bytes())
        .addKeyValue("lost_turns", lost)
        .addKeyValue("ms", Duration.ofNanos(System.nanoTime() - began).toMillis())
        .log("workspace restored");
  }

  private Restored newestReadable(Serving serving) {
    var unreadable = 0;
    for (var kept : records.newestFirst(serving.session())) {
      var snapshot = kept.safe().snapshot();
      if (snapshot == null) {
        return new Restored(kept, unreadable);
      }
      requireRoom(kept);
      var into = folders.beginRestore(serving.sandbox());
      try {
        snapshots.restore(new Owner(serving.project(), serving.session()), snapshot, into);
        return new Restored(kept, unreadable);
      } catch (UnreadableSnapshot broken) {
        unreadable++;
        LOG.atError()
            .setCause(broken)
            .log("snapshot {} of session {}", snapshot, serving.session());
      }
    }
    return new Restored(null, unreadable);
  }

  private void requireRoom(Kept kept) {
    if (folders.freeBytes() - kept.safe().bytes() < diskFloor) {
      throw new ProblemException(
          ProblemType.DISK_FULL,
          "This host has no room for the %d MiB of the session's workspace."
              .formatted(kept.safe().bytes() / (1024 * 1024)));
    }
  }

  private WorkspaceRolledBack rolledBack(Serving serving, Restored back, int lost) {
    var restored = back.kept();
    var unreadable = back.unreadable() == 0 ? null : back.unreadable();
    var calls =
        records.callsSince(
            serving.session(), restored == null ? 0 : restored.safe().moment().seq());
    return restored == null
        ? new WorkspaceRolledBack(0, null, null, lost, calls, unreadable)
        : new WorkspaceRolledBack(
            restored.safe().moment().seq(),
            restored.safe().moment().turn(),
            restored.at(),
            lost,
            calls,
            unreadable);
  }

  private void rolledBack(Serving serving, WorkspaceRolledBack event) {
    LOG.atWarn().log("session {}: {}", serving.session(), event);
    try {
      log.append(
              new Request(
                  serving.session(),
                  new EventWriter.Sandbox(serving.epoch()),
                  List.of(NewEvent.of(rolledBackId(serving), event))))
          .toCompletableFuture()
          .join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }
}
