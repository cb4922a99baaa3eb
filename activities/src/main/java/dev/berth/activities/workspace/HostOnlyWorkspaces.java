package dev.berth.activities.workspace;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.workflows.ports.WorkspaceActivities;
import java.nio.file.Path;

/**
 * For a host that keeps no snapshots. What another host took is not given up for that: a session
 * that needs it waits until there is a host that can read it.
 */
public final class HostOnlyWorkspaces implements WorkspaceActivities, WorkspaceSnapshots {
  @Override
  public SnapshotResult snapshotRunning(SnapshotInput input) {
    return snapshot(input);
  }

  @Override
  public SnapshotResult snapshot(SnapshotInput input) {
    return new SnapshotResult(Outcome.OFF);
  }

  @Override
  public Taken take(Owner owner, Take what) {
    throw off();
  }

  @Override
  public void restore(Owner owner, SnapshotId snapshot, Path into) {
    throw off();
  }

  @Override
  public Health check(Owner owner, Depth depth) {
    throw off();
  }

  @Override
  public void repair(Owner owner, Health.Damaged damage) {
    throw off();
  }

  @Override
  public void prune(Owner owner, int kept) {
    throw off();
  }

  @Override
  public void delete(Owner owner) {
    throw off();
  }

  private static ProblemException off() {
    return new ProblemException(
        ProblemType.UNAVAILABLE,
        "This host has no restic (WORKSPACE_SNAPSHOTS=false): give it one, and set WORKSPACE_SNAPSHOTS=true.");
  }
}
