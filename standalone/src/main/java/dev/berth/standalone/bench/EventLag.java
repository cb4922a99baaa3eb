package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.Connection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Scanner;

/**
 * How long an event takes from its row in the log to a client that follows the session: from the
 * moment that the database noted in it, before its commit, so the commit is in the figure.
 */
final class EventLag implements AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final InputStream stream;

  private EventLag(InputStream stream) {
    this.stream = stream;
  }

  /** Follows a session until closed. */
  static EventLag follow(Connection connection, String token, String session, Samples samples)
      throws InterruptedException {
    var request =
        HttpRequest.newBuilder(
                URI.create("%s/v1/sessions/%s/events".formatted(connection.apiUrl(), session)))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "text/event-stream")
            .build();
    try {
      var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("the event log answers " + answer.statusCode());
      }
      var lag = new EventLag(answer.body());
      var since = Instant.now();
      Thread.startVirtualThread(() -> lag.read(since, samples));
      return lag;
    } catch (IOException failed) {
      throw new UncheckedIOException("the event log does not answer", failed);
    }
  }

  private void read(Instant since, Samples samples) {
    var lines = new Scanner(stream, StandardCharsets.UTF_8);
    while (lines.hasNextLine()) {
      var line = lines.nextLine();
      if (line.startsWith("data:")) {
        var received = Instant.now();
        var at = ProtocolJson.mapper().readTree(line.substring("data:".length())).path("at");
        // Deltas are not in the log. And what was there before says nothing about being told.
        if (at.isString() && Instant.parse(at.asString()).isAfter(since)) {
          samples.add(Duration.between(Instant.parse(at.asString()), received).toNanos() / 1e6);
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
