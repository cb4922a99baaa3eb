package dev.berth.practicemodel.http;

import dev.berth.practicemodel.readback.RequestLog;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings requests to their endpoints, and errors into their shape. */
final class PracticeHandler extends Handler.Abstract {
  private static final Logger LOG = LoggerFactory.getLogger(PracticeHandler.class);
  private static final String MODELS = "/v1/models";

  private final MessagesEndpoint messages;
  private final RequestLog log;
  private final AtomicLong requests = new AtomicLong();

  PracticeHandler(MessagesEndpoint messages, RequestLog log) {
    this.messages = messages;
    this.log = log;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    var exchange =
        new Exchange(request, response, "req_%016x".formatted(requests.incrementAndGet()));
    try {
      route(exchange);
      callback.succeeded();
    } catch (ApiError error) {
      fail(exchange, response, error, callback);
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("request", exchange.id()).setCause(e).log("request failed");
      fail(exchange, response, new ApiError(500, "Internal server error"), callback);
    } catch (IOException e) {
      LOG.atDebug().addKeyValue("request", exchange.id()).log("stream ended: {}", e.getMessage());
      exchange.endPoint().close();
      if (response.isCommitted()) {
        callback.failed(e);
      } else {
        // A failure would be answered by an error, and nobody is there to read it.
        callback.succeeded();
      }
    }
    return true;
  }

  private void route(Exchange exchange) throws IOException {
    var path = exchange.path();
    switch (exchange.method() + " " + path) {
      case "POST /v1/messages" -> messages.messages(exchange);
      case "POST /v1/messages/count_tokens" -> messages.countTokens(exchange);
      case "GET /practice/requests" -> exchange.send(200, ReadbackJson.requests(log));
      case "DELETE /practice/requests" -> {
        log.reset();
        exchange.sendNothing(204);
      }
      case "GET /practice/usage" -> exchange.send(200, ReadbackJson.totals(log));
      // The Agent SDK warms its connection with the second.
      case "GET /practice/health", "HEAD /api/hello", "GET /api/hello" -> exchange.sendNothing(200);
      default -> other(exchange, path);
    }
  }

  private static void other(Exchange exchange, String path) throws IOException {
    if (exchange.method().equals("GET") && path.equals(MODELS)) {
      MessagesEndpoint.requireKey(exchange);
      exchange.send(200, ModelList.all());
    } else if (exchange.method().equals("GET") && path.startsWith(MODELS + "/")) {
      MessagesEndpoint.requireKey(exchange);
      exchange.send(200, ModelList.model(path.substring(MODELS.length() + 1)));
    } else {
      throw new ApiError(404, "%s %s (expected: /v1/messages)".formatted(exchange.method(), path));
    }
  }

  private static void fail(
      Exchange exchange, Response response, ApiError error, Callback callback) {
    if (response.isCommitted()) {
      callback.failed(error);
      return;
    }
    try {
      exchange.send(error.status(), error.body(exchange.id()));
      callback.succeeded();
    } catch (IOException e) {
      callback.failed(e);
    }
  }
}
