package dev.berth.practicemodel.http;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Errors by their status, with the type and the shape that the API gives them. */
final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  ApiError(int status, String message) {
    super(message);
    this.status = status;
  }

  static ApiError scripted(int status) {
    return new ApiError(status, "the script of this conversation asks for this error");
  }

  int status() {
    return status;
  }

  JsonNode body(String requestId) {
    var body = JsonNodeFactory.instance.objectNode();
    body.put("type", "error");
    body.putObject("error").put("type", type()).put("message", getMessage());
    return body.put("request_id", requestId);
  }

  private String type() {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 529 -> "overloaded_error";
      default -> status >= 500 ? "api_error" : "invalid_request_error";
    };
  }
}
