package dev.berth.standalone.cli;

/** What the exit status of a command says. */
final class ExitCode {
  static final int OK = 0;

  /** The agent's turn ended with an error. */
  static final int AGENT_ERROR = 1;

  /** The command line was wrong; picocli's own. */
  static final int USAGE = 2;

  /** The platform refused: token, budget, options. */
  static final int REFUSED = 3;

  /** There is no platform, and none could be started. */
  static final int UNREACHABLE = 4;

  /** A second Ctrl-C. */
  static final int LEFT = 130;

  private ExitCode() {}
}
