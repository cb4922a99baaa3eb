package dev.berth.api.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;

/** Answers as JSON, refusals as {@code application/problem+json} with the catalogue's code. */
public final class Answers {
  private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

  private Answers() {}

  public static ServerResponse json(HttpStatus status, JsonNode body) {
    return answer(status, MediaType.APPLICATION_JSON, body);
  }

  /** The form that every failure of a route takes; to be given to {@code onError}. */
  public static ServerResponse failure(Throwable failure, ServerRequest request) {
    return switch (failure) {
      case ProblemException refused -> problem(refused.problem());
      case DataAccessException away -> {
        LOG.atError().setCause(away).log("{} cannot be served", request.path());
        yield problem(
            new Problem(
                ProblemType.UNAVAILABLE, "Session service unavailable: no database; try again."));
      }
      default -> {
        LOG.atError().setCause(failure).log("{} broke", request.path());
        yield problem(
            new Problem(ProblemType.INTERNAL, "Session error: the request failed inside."));
      }
    };
  }

  private static ServerResponse problem(Problem problem) {
    var body = ProtocolJson.mapper().createObjectNode();
    body.put("type", "about:blank");
    body.put("title", problem.type().code());
    body.put("status", problem.type().httpStatus());
    body.put("detail", problem.message());
    body.put("code", problem.type().code());
    body.put("retryable", problem.type().retryable());
    return answer(
        HttpStatus.valueOf(problem.type().httpStatus()), MediaType.APPLICATION_PROBLEM_JSON, body);
  }

  private static ServerResponse answer(HttpStatus status, MediaType type, JsonNode body) {
    return ServerResponse.status(status).contentType(type).body(body.toString().getBytes(UTF_8));
  }
}
