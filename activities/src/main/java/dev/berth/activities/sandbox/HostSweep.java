package dev.berth.activities.sandbox;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.HostActivities;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the sandboxes that run on this host, their sockets and their files in agreement with those
 * that the database knows.
 */
public final class HostSweep implements HostActivities {
  private static final Logger LOG = LoggerFactory.getLogger(HostSweep.class);

  private static final SweepResult IN_ORDER = new SweepResult(0, 0, 0, 0);

  private final SandboxRuntime runtime;
  private final SandboxRecords records;
  private final HostSandboxes sandboxes;
  private final Runnable present;
  private final LeftByOthers left;
  private final FolderSweep folders;
  private final HostMetrics metrics;

  /**
   * @param present says that the host is there
   * @param left what other processes left undone when they died
   * @param metrics told what each sweep finds
   */
  public HostSweep(
      SandboxRuntime runtime,
      SandboxRecords records,
      HostSandboxes sandboxes,
      Runnable present,
      LeftByOthers left,
      FolderSweep folders,
      HostMetrics metrics) {
    this.runtime = runtime;
    this.records = records;
    this.sandboxes = sandboxes;
    this.present = present;
    this.left = left;
    this.folders = folders;
    this.metrics = metrics;
  }

  @Override
  public SweepResult sweep(SweepInput input) {
    try {
      present.run();
      var result = compare();
      metrics.swept(result);
      left.settle();
      sandboxes.deliverToolResults();
      return result;
    } catch (ProblemException refused) {
      throw Failures.of(refused.problem());
    }
  }

  /** The worker has just started: takes what still serves a session, removes the rest. */
  public void takeOver() {
    present.run();
    compare();
  }

  private SweepResult compare() {
    // What the database takes for alive is read first: a sandbox that starts meanwhile is then
    // in neither list, or only in the second, where its row speaks for it.
    var expected = new HashSet<>(records.alive());
    var running = Set.copyOf(runtime.list());
    var removed = 0;
    for (var sandbox : running) {
      removed += handle(sandbox) ? 0 : 1;
    }
    expected.removeAll(running);
    expected.removeIf(sandbox -> sandboxes.find(sandbox) != null);
    expected.forEach(sandboxes::gone);
    var neverUp = records.endThoseThatNeverCameUp();
    if (neverUp > 0) {
      LOG.atInfo().log("{} sandboxes never came up", neverUp);
    }
    var swept = folders.sweep(sandbox -> sandboxes.find(sandbox) != null);
    var result = new SweepResult(removed, expected.size(), swept.sockets(), swept.workspaces());
    if (!result.equals(IN_ORDER)) {
      LOG.atInfo().log("sweep: {}", result);
    }
    return result;
  }

  /** Gives false when the sandbox had to be removed. */
  private boolean handle(SandboxId sandbox) {
    var live = sandboxes.find(sandbox);
    var serving = records.serving(sandbox);
    if (live != null) {
      if (serving != null || !records.isClaimed(sandbox)) {
        return true;
      }
      // Its session went on, or ended, while this host did not answer.
      live.kill(SandboxEndReason.SUPERSEDED, "its session went on without it");
      return false;
    }
    if (serving != null) {
      if (!records.isClaimed(sandbox)) {
        // Its worker died while it came up: nobody knows what its agent was told. The start is
        // repeated, and begins anew.
        runtime.remove(sandbox);
        return false;
      }
      switch (runtime.inspect(sandbox)) {
        case SandboxInspection.Running() -> {
          sandboxes.adopt(serving);
          return true;
        }
        case SandboxInspection.Ended(var reason, var detail) ->
            sandboxes.gone(serving, reason, detail);
        case SandboxInspection.Missing() -> sandboxes.gone(sandbox);
      }
    }
    runtime.remove(sandbox);
    records.ended(sandbox, SandboxEndReason.ORPHANED, "removed by the sweep");
    return serving != null;
  }
}
