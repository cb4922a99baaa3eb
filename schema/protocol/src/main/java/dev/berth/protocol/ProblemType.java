package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Every way in which Berth refuses or fails, with its form on each surface.
 *
 * <p>The lower-case name is the stable code of {@code /v1} and of {@code details.error} on sockets;
 * the category is the upper-case code that published clients know (client protocol, section 12).
 */
public enum ProblemType {
  INVALID_TOKEN(Category.AUTHENTICATION_ERROR, 401, 4401, false),
  TOKEN_EXPIRED(Category.AUTHENTICATION_ERROR, 401, 4401, false),
  USER_BUDGET_EXHAUSTED(Category.BUDGET_EXCEEDED, 429, 4402, false),
  DEVELOPER_BUDGET_EXHAUSTED(Category.BUDGET_EXCEEDED, 402, 4402, false),
  CONCURRENT_LIMIT_REACHED(Category.CONCURRENCY_LIMIT, 429, 4429, true),
  RATE_LIMITED(Category.RATE_LIMIT, 429, 4429, true),
  INVALID_REQUEST(Category.VALIDATION_ERROR, 400, 1008, false),
  REQUEST_TOO_LARGE(Category.VALIDATION_ERROR, 413, 1008, false),
  MESSAGE_CONFLICT(Category.VALIDATION_ERROR, 409, 1008, false),
  MESSAGE_NOT_FOUND(Category.VALIDATION_ERROR, 404, 1008, false),
  /** The message runs or has ended: it is too late to withdraw it. */
  MESSAGE_NOT_WAITING(Category.VALIDATION_ERROR, 409, 1008, false),
  /** The message was withdrawn; its id is used up. */
  MESSAGE_WITHDRAWN(Category.VALIDATION_ERROR, 409, 1008, false),
  /** The key of a request was used for a session with other options. */
  SESSION_CONFLICT(Category.VALIDATION_ERROR, 409, 1008, false),
  /** Something runs or waits, and the message was to be taken by an idle session only. */
  SESSION_BUSY(Category.SESSION_ERROR, 409, 1011, false),
  SESSION_NOT_FOUND(Category.SESSION_ERROR, 404, 1011, false),
  SESSION_CLOSED(Category.SESSION_ERROR, 409, 1011, false),
  /** A writer with an epoch or attachment that has been replaced; it must stop, not retry. */
  SUPERSEDED(Category.SESSION_ERROR, 409, 1011, false),
  SANDBOX_FAILED(Category.SESSION_ERROR, 503, 1011, true),
  SANDBOX_LOST(Category.SESSION_ERROR, 503, 1011, true),
  IMAGE_MISSING(Category.SESSION_ERROR, 503, 1011, false),
  DISK_FULL(Category.SESSION_ERROR, 507, 1011, false),
  TRANSCRIPT_MISSING(Category.SESSION_ERROR, 500, 1011, false),
  /** A restart of a session that has not lost its transcript. */
  RESTART_NOT_NEEDED(Category.SESSION_ERROR, 409, 1011, false),
  RETRIES_EXHAUSTED(Category.SESSION_ERROR, 500, 1011, false),
  MODEL_REFUSED(Category.AUTHENTICATION_ERROR, 403, 1008, false),
  MODEL_UNAVAILABLE(Category.SESSION_ERROR, 502, 1011, true),
  UNAVAILABLE(Category.SESSION_ERROR, 503, 1011, true),
  INTERNAL(Category.SESSION_ERROR, 500, 1011, false),
  TOOL_TIMED_OUT(Category.TOOL_EXECUTION_ERROR, 504, 1011, false),
  TIMED_OUT(Category.TIMEOUT, 504, 1011, true);

  /** The upper-case codes of the error frame. */
  public enum Category {
    AUTHENTICATION_ERROR,
    BUDGET_EXCEEDED,
    CONCURRENCY_LIMIT,
    RATE_LIMIT,
    VALIDATION_ERROR,
    SESSION_ERROR,
    TOOL_EXECUTION_ERROR,
    TIMEOUT
  }

  private final Category category;
  private final int httpStatus;
  private final int closeCode;
  private final boolean retryable;

  ProblemType(Category category, int httpStatus, int closeCode, boolean retryable) {
    this.category = category;
    this.httpStatus = httpStatus;
    this.closeCode = closeCode;
    this.retryable = retryable;
  }

  @JsonValue
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  public Category category() {
    return category;
  }

  public int httpStatus() {
    return httpStatus;
  }

  /**
   * The WebSocket close code that follows the error frame, when the problem ends the connection.
   */
  public int closeCode() {
    return closeCode;
  }

  /** Whether the same request may succeed later without a change. */
  public boolean retryable() {
    return retryable;
  }
}
