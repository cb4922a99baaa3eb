package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.workflows.ports.SandboxActivities;

/** Starts and stops the sandboxes of this host for the sessions that ask. */
public final class HostSandboxActivities implements SandboxActivities {
  private final HostSandboxes sandboxes;

  public HostSandboxActivities(HostSandboxes sandboxes) {
    this.sandboxes = sandboxes;
  }

  @Override
  public SandboxStarted start(StartSandboxInput input) {
    var serving =
        new Serving(input.projectId(), input.sessionId(), input.sandboxId(), input.epoch());
    return new SandboxStarted(
        Heartbeats.during("sandbox-start", () -> sandboxes.start(serving, input.resumeReason())));
  }

  @Override
  public SandboxStopped stop(StopSandboxInput input) {
    return Heartbeats.during(
        "sandbox-stop",
        () ->
            sandboxes.stop(
                input.sessionId(),
                input.sandboxId(),
                input.reason(),
                Boolean.TRUE.equals(input.sparing())));
  }
}
