package dev.berth.standalone.chaos;

/** What is done to a part. */
public enum StrikeKind {
  /** SIGKILL: it is gone. */
  KILL,
  /** SIGSTOP, and SIGCONT some time later: it is silent, and comes back as if nothing had been. */
  PAUSE,
  /** The client loses its connections; no process notices. */
  DISCONNECT
}
