package dev.berth.workflows;

import dev.berth.protocol.HostId;

/** The task queues. */
public final class TaskQueues {
  /** Workflows, and activities that any worker can carry out. */
  public static final String SESSIONS = "sessions";

  private TaskQueues() {}

  /**
   * Activities that need the sandboxes of one host. The name is stable, so that a worker that was
   * started again finds the work of its host.
   */
  public static String host(HostId host) {
    return "host-" + host.value();
  }
}
