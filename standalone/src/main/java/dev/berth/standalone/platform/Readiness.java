package dev.berth.standalone.platform;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Waits for api nodes and workers to be ready. */
final class Readiness {
  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration LOOK = Duration.ofMillis(100);

  private Readiness() {}

  static void await(List<Integer> ports) {
    var deadline = System.nanoTime() + START.toNanos();
    try (var client = HttpClient.newHttpClient()) {
      for (var port : ports) {
        while (!isReady(client, port)) {
          if (System.nanoTime() > deadline) {
            throw new StartFailure(
                "The process on port %d is not ready.".formatted(port), "Look at ./berth logs.");
          }
          TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isReady(HttpClient client, int port) throws InterruptedException {
    try {
      var request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/readyz".formatted(port)))
              .timeout(Duration.ofSeconds(2))
              .build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }
}
