package dev.berth.standalone.chaos;

/** What dies. */
public enum Component {
  /** The Agent SDK's process in the sandbox. */
  AGENT,
  /** The bridge beside it. */
  BRIDGE,
  CONTAINER,
  WORKER,
  API,
  TEMPORAL,
  POSTGRES,
  S3,
  /** The engine of this machine; its other users notice it. */
  DOCKER,
  /** The client's own connection. */
  CLIENT;

  /** What is killed unless something else is asked for: all that is the platform's alone. */
  public boolean isUsual() {
    return this != DOCKER;
  }

  /**
   * Whether it is given up when it is silent for longer than a limit, which is half a minute or
   * little more: then it wakes beside what took its place. The silence of an agent may last
   * minutes, that of an api node more than one.
   */
  boolean hasSilenceLimit() {
    return switch (this) {
      case BRIDGE, CONTAINER, WORKER -> true;
      case AGENT, API, TEMPORAL, POSTGRES, S3, DOCKER, CLIENT -> false;
    };
  }

  /** Whether only one session notices. */
  boolean isOfOneSession() {
    return switch (this) {
      case AGENT, BRIDGE, CONTAINER, CLIENT -> true;
      case WORKER, API, TEMPORAL, POSTGRES, S3, DOCKER -> false;
    };
  }
}
