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
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
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
  private final ReadBack readBack;

  /**
   * @param busy whether a turn runs in a sandbox
   * @param settle how long after a turn its files are looked at
   * @param kept how many snapshots of a session are kept
   * @param readBack how much of the stores is read back
   */
  public HostWorkspaceActivities(
      SandboxFolders folders,
      Predicate<SandboxId> busy,
      TurnEnds turnEnds,
      WorkspaceRecords records,
      WorkspaceSnapshots snapshots,
      Duration settle,
      int kept,
      ReadBack readBack) {
    this.folders = folders;
    this.busy = busy;
    this.turnEnds = turnEnds;
    this.records = records;
    this.snapshots = snapshots;
    this.settle = settle;
    this.kept = kept;
    this.readBack = readBack;
  }

  /**
   * How much of a session's store is read back.
   *
   * @param every after so many quiesced snapshots
   * @param shares into how many parts the store is divided; one is read back at a time
   */
  public record ReadBack(int every, int shares) {
    /** How closely the store is looked at after a session's n-th quiesced snapshot. */
    Depth depth(long number) {
      return number % every == 0
          ? new Depth(Math.toIntExact(number / every % shares) + 1, shares)
          : Depth.STRUCTURE;
    }
  }

  @Override
  public SnapshotResult snapshot(SnapshotInput input) {
    return told(
        input,
        () -> {
          Thread.sleep(settle);
          return outcome(input, () -> turnEnd(input));
        });
  }

  @Override
  public SnapshotResult snapshotRunning(SnapshotInput input) {
    // What happened until now is in the files; of what comes, perhaps a part.
    return told(
        input,
        () ->
            busy.test(input.sandboxId())
                ? outcome(
                    input, () -> records.now(input.sessionId(), input.epoch(), input.turnId()))
                : Outcome.DISCARDED);
  }

  private SnapshotResult told(SnapshotInput input, Callable<Outcome> work) {
    var began = System.nanoTime();
    var outcome = Heartbeats.during("workspace-snapshot", work);
    LOG.atInfo()
        .addKeyValue("outcome", outcome)
        .addKeyValue("session", input.sessionId())
        .addKeyValue("turn", input.turnId())
        .addKeyValue("ms", Duration.ofNanos(System.nanoTime() - began).toMillis())
        .log("workspace snapshot");
    return new SnapshotResult(outcome);
  }

  private Outcome outcome(SnapshotInput input, Supplier<@Nullable Moment> place) {
    try {
      return makeSafe(input, place.get());
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
  private Outcome makeSafe(SnapshotInput input, @Nullable Moment moment) {
    var workspace = folders.workspace(input.sandboxId());
    var fingerprint = WorkspaceFingerprint.of(workspace);
    if (moment == null || fingerprint == null) {
      return Outcome.DISCARDED;
    }
    var before = records.newestFirst(input.sessionId());
    var latest = before.isEmpty() ? null : before.getFirst().safe();
    if (latest != null && latest.fingerprint().equals(fingerprint)) {
      return stored(input.sessionId(), latest.at(moment), Outcome.UNCHANGED);
    }
    if (fingerprint.equals(WorkspaceFingerprint.EMPTY)) {
      return stored(
          input.sessionId(),
          new Safe(moment, null, true, true, fingerprint, 0, 0, 0, quiescedSoFar(latest), null),
          Outcome.UNCHANGED);
    }
    return take(
        input, workspace, new Wanted(moment, fingerprint, earlier(before), quiescedSoFar(latest)));
  }

  private @Nullable Moment turnEnd(SnapshotInput input) {
    var end = turnEnds.find(input.sessionId(), input.turnId());
    return end == null ? null : new Moment(input.epoch(), input.turnId(), end.seq());
  }

  private static long quiescedSoFar(@Nullable Safe latest) {
    return latest == null ? 0 : latest.quiescedSoFar();
  }

  /** A snapshot that is to be taken, and what is known before. */
  private record Wanted(
      Moment moment, String fingerprint, @Nullable SnapshotId earlier, long quiescedSoFar) {}

  private Outcome take(SnapshotInput input, Path workspace, Wanted wanted) {
    var owner = new Owner(input.projectId(), input.sessionId());
    BooleanSupplier quiet = () -> !busy.test(input.sandboxId());
    var moment = wanted.moment();
    var taken = snapshots.take(owner, new Take(workspace, moment, wanted.earlier(), quiet));
    var number = wanted.quiescedSoFar() + (taken.quiesced() ? 1 : 0);
    var depth = readBack.depth(number);
    var verified = false;
    if (taken.quiesced()) {
      var health = snapshots.check(owner, depth);
      if (health instanceof Health.Damaged damage) {
        LOG.atError().log("session {}: its snapshots are damaged: {}", owner.session(), damage);
        snapshots.repair(owner, damage);
        taken = snapshots.take(owner, new Take(workspace, moment, null, quiet));
        health = snapshots.check(owner, depth);
      }
      verified = health instanceof Health.Sound;
    }
    var now = WorkspaceFingerprint.of(workspace);
    if (now == null) {
      // Handed to the next sandbox while it was read: some of it may not have been there any more.
      return Outcome.DISCARDED;
    }
    var settled = taken.quiesced() && now.equals(wanted.fingerprint());
    var safe =
        new Safe(
            moment,
            taken.id(),
            settled,
            verified,
            settled ? wanted.fingerprint() : UNSETTLED,
            taken.files(),
            taken.bytes(),
            taken.addedBytes(),
            number,
            verified && depth.readsBack() ? depth.toString() : null);
    var outcome =
        stored(input.sessionId(), safe, settled ? Outcome.QUIESCED : Outcome.CRASH_CONSISTENT);
    prune(owner);
    return outcome;
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
