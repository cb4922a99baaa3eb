package dev.berth.activities;

import io.temporal.worker.WorkerFactory;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;

/**
 * Lets running activities hear that the worker stops before its clients are closed. Turns detach
 * and go on in their sandboxes; short operations finish.
 */
final class WorkerShutdown implements SmartLifecycle {
  private static final int GRACE_SECONDS = 10;

  private final WorkerFactory workers;
  private volatile boolean running = true;

  WorkerShutdown(WorkerFactory workers) {
    this.workers = workers;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    workers.shutdownNow();
    workers.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
