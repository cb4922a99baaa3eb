package dev.berth.practicemodel.conversation;

/** The request cannot be understood; answered as {@code invalid_request_error}. */
public final class InvalidRequest extends RuntimeException {
  public InvalidRequest(String message) {
    super(message);
  }
}
