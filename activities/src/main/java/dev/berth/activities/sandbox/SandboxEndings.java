package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.workflows.Failures.SandboxLoss;
import java.util.List;

/** Hears of the end of living sandboxes. */
interface SandboxEndings {
  /**
   * Makes the end known.
   *
   * @param idle whether no turn ran in the sandbox
   * @param background what was lost with it beside a turn
   */
  void record(Serving serving, SandboxLoss loss, boolean idle, List<BackgroundTask> background);

  /** Forgets it: it goes on under another worker, which has its doors and its files. */
  void leave(LiveSandbox sandbox);

  /** Removes what is left of it on the host. */
  void cleanUp(LiveSandbox sandbox);
}
