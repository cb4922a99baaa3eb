package dev.berth.standalone.platform;

import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Temporal server with its UI, as children of the platform. */
final class TemporalServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(50);

  private final List<ChildProcess> processes;
  private final int port;
  private final int uiPort;

  /**
   * @param processes the server, then what needs it
   */
  TemporalServer(List<ChildProcess> processes, int port, int uiPort) {
    this.processes = List.copyOf(processes);
    this.port = port;
    this.uiPort = uiPort;
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  String uiUrl() {
    return "http://127.0.0.1:" + uiPort;
  }

  List<ChildProcess> processes() {
    return processes;
  }

  /** Waits until the server answers. */
  void awaitHealthy() {
    var channel = ManagedChannelBuilder.forTarget(address()).usePlaintext().build();
    var deadline = System.nanoTime() + START.toNanos();
    try {
      while (!isServing(HealthGrpc.newBlockingStub(channel))) {
        if (System.nanoTime() > deadline) {
          throw new StartFailure(
              "The Temporal server does not answer.",
              "Look at " + processes.getFirst().log() + ".");
        }
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      channel.shutdownNow();
    }
  }

  @Override
  public void close() {
    processes.reversed().forEach(ChildProcess::close);
  }

  private static boolean isServing(HealthGrpc.HealthBlockingStub health) {
    try {
      return health
              .withDeadlineAfter(1, TimeUnit.SECONDS)
              .check(
                  HealthCheckRequest.newBuilder()
                      .setService("temporal.api.workflowservice.v1.WorkflowService")
                      .build())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException notYet) {
      return false;
    }
  }
}
