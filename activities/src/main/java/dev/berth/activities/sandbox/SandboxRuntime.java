package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import java.util.List;

/**
 * What runs sandboxes on this host. Every call blocks until it is done, sees only sandboxes of this
 * installation and host, and fails with a {@code ProblemException}: {@code IMAGE_MISSING} (final),
 * {@code SANDBOX_FAILED} and {@code UNAVAILABLE} (retryable) when the runtime does not answer.
 */
public interface SandboxRuntime {
  /**
   * Creates and starts a sandbox. Idempotent by id: one that exists is started when it is not
   * running.
   */
  void start(SandboxSpec spec);

  /** Gives the sandbox the name under which people look for it, {@code berth-<session id>}. */
  void claim(SandboxId sandbox, SessionId session);

  SandboxInspection inspect(SandboxId sandbox);

  /** The last lines that the sandbox wrote to its own log, for an error message; at most 2 KiB. */
  String logTail(SandboxId sandbox);

  /** Kills and removes; a sandbox that does not exist is fine. */
  void remove(SandboxId sandbox);

  /** All sandboxes of this installation and host, running or not. */
  List<SandboxId> list();
}
