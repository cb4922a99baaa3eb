package dev.berth.workflows.ports;

import dev.berth.protocol.SessionId;
import io.temporal.activity.ActivityInterface;
import org.jspecify.annotations.Nullable;

/**
 * What is not kept any longer is deleted; any worker can do it, with the limits that it was given.
 */
@ActivityInterface(namePrefix = "Retention")
public interface RetentionActivities {
  /**
   * Cuts the logs of the next sessions that have more than is kept. A log keeps the turns that are
   * open, its last turn, and what recovery reads.
   *
   * <ul>
   *   <li>Idempotent: what is cut is not cut again.
   *   <li>Errors: {@code UNAVAILABLE} (retryable).
   * </ul>
   */
  SweepPage cutLogs(SweepFrom from);

  /**
   * Deletes what object storage has of the workspaces of the next sessions that were closed.
   *
   * <ul>
   *   <li>Idempotent: a session whose files are gone is not looked at again.
   *   <li>Errors: {@code UNAVAILABLE} (retryable).
   * </ul>
   */
  SweepPage deleteWorkspaces(SweepFrom from);

  /**
   * @param after the session after which to go on, null for the first
   */
  record SweepFrom(@Nullable SessionId after) {}

  /**
   * @param sessions of how many sessions something was deleted
   * @param deleted how much: events, or stores of snapshots
   * @param next where to go on; null when there is nothing left to look at
   */
  record SweepPage(int sessions, long deleted, @Nullable SessionId next) {}
}
