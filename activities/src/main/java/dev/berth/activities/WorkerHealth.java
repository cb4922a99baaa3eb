package dev.berth.activities;

import io.temporal.worker.WorkerFactory;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * {@code /healthz}: the process is alive. {@code /readyz}: it polls for work; 503 until it does.
 */
final class WorkerHealth {
  private static final int UNAVAILABLE = 503;

  private final WorkerFactory workers;

  WorkerHealth(WorkerFactory workers) {
    this.workers = workers;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/healthz", request -> ServerResponse.ok().body("ok"))
        .GET(
            "/readyz",
            request ->
                workers.isStarted() && !workers.isShutdown()
                    ? ServerResponse.ok().body("ready")
                    : ServerResponse.status(UNAVAILABLE).body("not ready"))
        .build();
  }
}
