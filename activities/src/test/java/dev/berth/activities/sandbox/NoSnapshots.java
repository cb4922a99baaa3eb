package dev.berth.activities.sandbox;

import dev.berth.activities.workspace.SnapshotId;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import java.nio.file.Path;

/** For hosts whose sessions have no snapshots, and are not to have any. */
public final class NoSnapshots implements WorkspaceSnapshots {
  @Override
  public Taken take(Owner owner, Take what) {
    throw new AssertionError("a snapshot of " + what);
  }

  @Override
  public void restore(Owner owner, SnapshotId snapshot, Path into) {
    throw new AssertionError("a restore of " + snapshot);
  }

  @Override
  public Health check(Owner owner, Depth depth) {
    return new Health.Sound();
  }

  @Override
  public void repair(Owner owner, Health.Damaged damage) {}

  @Override
  public void prune(Owner owner, int kept) {}

  @Override
  public void delete(Owner owner) {}
}
