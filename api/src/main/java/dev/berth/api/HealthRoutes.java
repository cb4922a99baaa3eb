package dev.berth.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.ProtocolJson;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * {@code /healthz}, also as {@code /health}: the process is alive. {@code /readyz}: so is what it
 * stands on; 503 with what is missing otherwise.
 */
final class HealthRoutes {
  private static final int UNAVAILABLE = 503;

  private final Map<String, BooleanSupplier> checks;
  private final boolean practice;

  /**
   * @param practice whether the practice model answers in place of a provider
   */
  HealthRoutes(Map<String, BooleanSupplier> checks, boolean practice) {
    this.checks = new LinkedHashMap<>(checks);
    this.practice = practice;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/healthz", request -> answer(200, Map.of("status", "ok")))
        .GET("/health", request -> answer(200, Map.of("status", "ok")))
        .GET("/readyz", request -> ready())
        .build();
  }

  private ServerResponse ready() {
    var parts = new LinkedHashMap<String, Object>();
    var ready = true;
    for (var check : checks.entrySet()) {
      var up = check.getValue().getAsBoolean();
      parts.put(check.getKey(), up ? "up" : "down");
      ready &= up;
    }
    var body = new LinkedHashMap<String, Object>();
    body.put("status", ready ? "ready" : "not ready");
    body.put("parts", parts);
    body.put("model", practice ? "practice model" : "provider");
    return answer(ready ? 200 : UNAVAILABLE, body);
  }

  private static ServerResponse answer(int status, Map<String, ?> body) {
    return ServerResponse.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(ProtocolJson.mapper().writeValueAsString(body).getBytes(UTF_8));
  }
}
