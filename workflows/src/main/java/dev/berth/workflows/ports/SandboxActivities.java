package dev.berth.workflows.ports;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SandboxEndReason;
import io.temporal.activity.ActivityInterface;
import org.jspecify.annotations.Nullable;

/** Sandboxes of one host; carried out by the worker of that host. */
@ActivityInterface(namePrefix = "Sandbox")
public interface SandboxActivities {
  /**
   * Starts the sandbox of an epoch with the session's agent in it, or finds it running. Sandboxes
   * of earlier epochs of the session on this host are removed first.
   *
   * <ul>
   *   <li>Idempotent by {@code (session, epoch)}.
   *   <li>Errors: {@code SUPERSEDED}, {@code IMAGE_MISSING}, {@code DISK_FULL}, {@code
   *       TRANSCRIPT_MISSING} (final), {@code SANDBOX_FAILED} (retryable), and {@code UNAVAILABLE}
   *       with the part that is away, which the session waits for. None leaves a container behind.
   * </ul>
   */
  SandboxStarted start(StartSandboxInput input);

  /**
   * Ends the agent with time to write what it has, and removes the sandbox; no sandbox is fine. A
   * sandbox that is spared is left as it is.
   */
  SandboxStopped stop(StopSandboxInput input);

  /** Does nothing; that it is done says that the worker of the host is there. */
  void answer();

  /**
   * @param resumeReason why the turn that this sandbox takes up lost its sandbox; null otherwise
   */
  record StartSandboxInput(
      ProjectId projectId,
      SessionId sessionId,
      SandboxId sandboxId,
      int epoch,
      @Nullable SandboxEndReason resumeReason) {}

  /**
   * @param resumed whether the agent went on with a transcript
   */
  record SandboxStarted(boolean resumed) {}

  /**
   * @param sparing whether a sandbox in which something works is left alone: the agent in the
   *     background, or, when it is to be parked, a call that waits for nobody; absent: no
   */
  record StopSandboxInput(
      SessionId sessionId,
      SandboxId sandboxId,
      int epoch,
      SandboxEndReason reason,
      @Nullable Boolean sparing) {}

  /**
   * @param existed false when there was nothing to stop
   * @param background how many tasks and calls spared the sandbox; it is gone when absent or 0
   */
  record SandboxStopped(boolean existed, @Nullable Integer background) {
    public boolean spared() {
      return background != null && background > 0;
    }
  }
}
