package dev.berth.standalone.platform;

/** The platform cannot start: what is wrong, and what to do about it. */
public final class StartFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  public StartFailure(String message, String remedy) {
    super(message);
    this.remedy = remedy;
  }

  public StartFailure(String message, String remedy, Throwable cause) {
    super(message, cause);
    this.remedy = remedy;
  }

  public String remedy() {
    return remedy;
  }
}
