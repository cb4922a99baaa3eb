package dev.berth.activities.workspace;

/**
 * A store of snapshots, or a snapshot in it, that cannot be used: damaged, made with another key,
 * or not there. Trying again does not help; an earlier snapshot may.
 */
public final class UnreadableSnapshot extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnreadableSnapshot(String message) {
    super(message);
  }
}
