package dev.berth.workflows;

import dev.berth.protocol.HostId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;

/** The ids of workflows. */
public final class WorkflowIds {
  private WorkflowIds() {}

  public static String session(ProjectId project, SessionId session) {
    return "session/%s/%s".formatted(project, session);
  }

  /** The schedule of the installation, and each workflow that it starts. */
  public static String retention() {
    return "retention";
  }

  /** The permits of a developer. */
  public static String semaphore(String accountId) {
    return "sem/" + accountId;
  }

  /** The schedule, and each workflow that it starts. */
  public static String reconcileHost(HostId host) {
    return "reconcile/" + host;
  }
}
