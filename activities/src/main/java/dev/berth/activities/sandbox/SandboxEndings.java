package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.workflows.Failures.SandboxLoss;

/** Hears of the end of living sandboxes. */
interface SandboxEndings {
  /**
   * Makes the end known.
   *
   * @param idle whether no turn ran in the sandbox
   */
  void record(Serving serving, SandboxLoss loss, boolean idle);

  /** Removes what is left of it on the host. */
  void cleanUp(LiveSandbox sandbox);
}
