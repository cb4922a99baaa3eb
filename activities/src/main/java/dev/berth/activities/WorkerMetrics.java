package dev.berth.activities;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/** {@code /metrics}, in Prometheus' text format. It asks nobody who they are: keep it inside. */
final class WorkerMetrics {
  private static final MediaType TEXT = MediaType.parseMediaType("text/plain;version=0.0.4");

  private final PrometheusMeterRegistry registry;

  WorkerMetrics(PrometheusMeterRegistry registry) {
    this.registry = registry;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/metrics", request -> ServerResponse.ok().contentType(TEXT).body(registry.scrape()))
        .build();
  }
}
