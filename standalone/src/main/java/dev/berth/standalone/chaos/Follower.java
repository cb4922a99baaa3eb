package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client that follows a session and comes back after whatever cut it off, as the event stream
 * tells it to: with the number of the last event that it has.
 */
final class Follower implements AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration AGAIN = Duration.ofMillis(100);

  private final HttpRequest.Builder request;
  private final List<JsonNode> events = new ArrayList<>();
  private volatile @Nullable InputStream stream;
  private volatile boolean closed;

  private Follower(HttpRequest.Builder request) {
    this.request = request;
  }

  /**
   * @param request of the session's events, without what names the place in them
   */
  static Follower start(HttpRequest.Builder request) {
    var follower = new Follower(request.header("Accept", "text/event-stream"));
    Thread.ofVirtual().name("follower").start(follower::follow);
    return follower;
  }

  /** The stored events so far, as they came. */
  synchronized List<JsonNode> events() {
    return List.copyOf(events);
  }

  /** Waits until that is true of what came; false when the time is over. */
  synchronized boolean await(Predicate<List<JsonNode>> condition, Duration atMost)
      throws InterruptedException {
    var deadline = System.nanoTime() + atMost.toNanos();
    while (!condition.test(events)) {
      var left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** Has those who wait look at their conditions again, which speak of more than events. */
  synchronized void look() {
    notifyAll();
  }

  /** Loses the connection. */
  void drop() {
    var open = stream;
    if (open != null) {
      try {
        open.close();
      } catch (IOException gone) {
        throw new IllegalStateException(gone);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    drop();
  }

  private void follow() {
    try {
      while (!closed) {
        try {
          read();
        } catch (IOException | NoSuchElementException | IllegalStateException cut) {
          // The next connection goes on where this one was.
        }
        TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() throws IOException, InterruptedException {
    var answer =
        HTTP.send(
            request.copy().header("Last-Event-ID", String.valueOf(last())).build(),
            BodyHandlers.ofInputStream());
    try (var body = answer.body()) {
      if (answer.statusCode() != 200) {
        return;
      }
      stream = body;
      var lines = new Scanner(body, StandardCharsets.UTF_8);
      @Nullable String data = null;
      var stored = false;
      while (!closed && lines.hasNextLine()) {
        var line = lines.nextLine();
        if (line.startsWith("id:")) {
          stored = true;
        } else if (line.startsWith("data:")) {
          data = line.substring("data:".length());
        } else if (line.isEmpty() && data != null) {
          if (stored) {
            add(ProtocolJson.mapper().readTree(data));
          }
          data = null;
          stored = false;
        }
      }
    } finally {
      stream = null;
    }
  }

  private synchronized long last() {
    return events.isEmpty() ? 0 : events.getLast().path("seq").asLong();
  }

  private synchronized void add(JsonNode event) {
    events.add(event);
    notifyAll();
  }
}
