package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

/**
 * A permit to work, or the request for one.
 *
 * @param wanted whether somebody else waits for it
 */
record SessionPermit(String requestId, Standing standing, boolean wanted) {
  SessionPermit {
    requireNonNull(requestId, "requestId");
    requireNonNull(standing, "standing");
  }

  /** What the semaphore answered. */
  enum Standing {
    ASKED,
    QUEUED,
    GRANTED
  }

  static SessionPermit asked(String requestId) {
    return new SessionPermit(requestId, Standing.ASKED, false);
  }

  boolean isGranted() {
    return standing == Standing.GRANTED;
  }

  boolean isQueued() {
    return standing == Standing.QUEUED;
  }

  /** What the semaphore says may come in another order than it was said. */
  SessionPermit granted(boolean somebodyWaits) {
    return new SessionPermit(requestId, Standing.GRANTED, wanted || somebodyWaits);
  }

  SessionPermit queued() {
    return isGranted() ? this : new SessionPermit(requestId, Standing.QUEUED, false);
  }
}
