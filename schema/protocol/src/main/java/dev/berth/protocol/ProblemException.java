package dev.berth.protocol;

/** A refusal on its way to the edge that gives it its form; the message is the problem's. */
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(ProblemType type, String message) {
    this(new Problem(type, message));
  }

  public ProblemException(Problem problem) {
    super(problem.message());
    this.problem = problem;
  }

  public ProblemException(ProblemType type, String message, Throwable cause) {
    super(message, cause);
    this.problem = new Problem(type, message);
  }

  public ProblemException(Problem problem, Throwable cause) {
    super(problem.message(), cause);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
