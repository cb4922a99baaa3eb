package dev.berth.activities.sandbox;

import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.SnapshotId;
import dev.berth.activities.workspace.UnreadableSnapshot;
import dev.berth.activities.workspace.WorkspaceFingerprint;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceRecords.Kept;
import dev.berth.activities.workspace.WorkspaceRecords.Safe;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.activities.workspace.WorkspaceSnapshots.Depth;
import dev.berth.activities.workspace.WorkspaceSnapshots.Health;
import dev.berth.activities.workspace.WorkspaceSnapshots.Moment;
import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.activities.workspace.WorkspaceSnapshots.Take;
import dev.berth.activities.workspace.WorkspaceSnapshots.Taken;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.ports.WorkspaceActivities;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the files of this host's sessions safe. Most turns change none, which is seen without
 * starting anything; the others wait for their place, because snapshots compete with turns.
 */
public final class HostWorkspaceActivities implements WorkspaceActivities {
  private static final Logger LOG = LoggerFactory.getLogger(HostWorkspaceActivities.class);

  /** Equals no workspace's: what changed while it was read is not known. */
  private static final String UNSETTLED = "unsettled";

  private final SandboxFolders folders;
  private final Predicate<SandboxId> busy;
  private final TurnEnds turnEnds;
  private final WorkspaceRecords records;
  private final WorkspaceSnapshots snapshots;
  private final Duration settle;
  private final int kept;

  /**
   * @param busy whether a turn runs in a sandbox
   * @param settle how long after a turn its files are looked at
   * @param kept how many snapshots of a session are kept
   */
  public HostWorkspaceActivities(
      SandboxFolders folders,
      Predicate<SandboxId> busy,
      TurnEnds turnEnds,
      WorkspaceRecords records,
      WorkspaceSnapshots snapshots,
      Duration settle,
      int kept) {
    this.folders = folders;
    this.busy = busy;
    this.turnEnds = turnEnds;
    this.records = records;
    this.snapshots = snapshots;
    this.settle = settle;
    this.kept = kept;
  }

  @Override
  public SnapshotResult snapshot(SnapshotInput input) {
    var began = System.nanoTime();
    var outcome = Heartbeats.during("workspace-snapshot", () -> outcome(input));
    LOG.atInfo()
        .addKeyValue("outcome", outcome)
        .addKeyValue("session", input.sessionId())
        .addKeyValue("turn", input.turnId())
        .addKeyValue("ms", Duration.ofNanos(System.nanoTime() - began).toMillis())
        .log("workspace snapshot");
    return new SnapshotResult(outcome);
  }

  private Outcome outcome(SnapshotInput input) throws InterruptedException {
    Thread.sleep(settle);
    try {
      return makeSafe(input);
    } catch (UnreadableSnapshot | UncheckedIOException broken) {
      if (WorkspaceFingerprint.of(folders.workspace(input.sandboxId())) == null) {
        // Handed to the next sandbox before it was read.
        return Outcome.DISCARDED;
      }
      LOG.atError().setCause(broken).log("session {}", input.sessionId());
      throw new ProblemException(ProblemType.INTERNAL, String.valueOf(broken.getMessage()), broken);
    }
  }

  /** Gives what became of it; a repeat finds what the first one stored. */
  private Outcome makeSafe(SnapshotInput input) {
    var workspace = folders.workspace(input.sandboxId());
    var end = turnEnds.find(input.sessionId(), input.turnId());
    var fingerprint = WorkspaceFingerprint.of(workspace);
    if (end == null || fingerprint == null) {
      return Outcome.DISCARDED;
    }
    var moment = new Moment(input.epoch(), input.turnId(), end.seq());
    var before = records.newestFirst(input.sessionId());
    var latest = before.isEmpty() ? null : before.getFirst().safe();
    if (latest != null && latest.fingerprint().equals(fingerprint)) {
      return stored(input.sessionId(), latest.at(moment), Outcome.UNCHANGED);
    }
    if (fingerprint.equals(WorkspaceFingerprint.EMPTY)) {
      return stored(
          input.sessionId(),
          new Safe(moment, null, true, true, fingerprint, 0, 0, 0),
          Outcome.UNCHANGED);
    }
    return take(input, workspace, moment, fingerprint, earlier(before));
  }

  private Outcome take(
      SnapshotInput input,
      Path workspace,
      Moment moment,
      String fingerprint,
      @Nullable SnapshotId earlier) {
    var owner = new Owner(input.projectId(), input.sessionId());
    var what = new Take(workspace, moment, earlier, () -> !busy.test(input.sandboxId()));
    var taken = snapshots.take(owner, what);
    var verified = false;
    if (taken.quiesced()) {
      verified = snapshots.check(owner, Depth.STRUCTURE) == Health.SOUND;
      if (!verified) {
        snapshots.repair(owner);
        taken = snapshots.take(owner, new Take(workspace, moment, null, what.quiet()));
        verified = snapshots.check(owner, Depth.STRUCTURE) == Health.SOUND;
      }
    }
    var now = WorkspaceFingerprint.of(workspace);
    if (now == null) {
      // Handed to the next sandbox while it was read: some of it may not have been there any more.
      return Outcome.DISCARDED;
    }
    var settled = taken.quiesced() && now.equals(fingerprint);
    var outcome =
        stored(
            input.sessionId(),
            safe(moment, taken, settled, verified, settled ? fingerprint : UNSETTLED),
            settled ? Outcome.QUIESCED : Outcome.CRASH_CONSISTENT);
    prune(owner);
    return outcome;
  }

  private static Safe safe(
      Moment moment, Taken taken, boolean quiesced, boolean verified, String fingerprint) {
    return new Safe(
        moment,
        taken.id(),
        quiesced,
        verified,
        fingerprint,
        taken.files(),
        taken.bytes(),
        taken.addedBytes());
  }

  private Outcome stored(SessionId session, Safe safe, Outcome outcome) {
    return records.store(session, safe) ? outcome : Outcome.DISCARDED;
  }

  private static @Nullable SnapshotId earlier(List<Kept> before) {
    return before.stream()
        .map(known -> known.safe().snapshot())
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /** Now and then, because it reads and writes more than a snapshot does. */
  private void prune(Owner owner) {
    if (records.newestFirst(owner.session()).size() >= 2 * kept) {
      records.keep(owner.session(), kept);
      snapshots.prune(owner, kept);
    }
  }
}
