package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.platform.Connection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client over HTTP that repeats, under the same id, what was not answered or answered as
 * unavailable: all that a client of Berth has to do about failures.
 */
final class EndUser {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private static final Duration ANSWER = Duration.ofSeconds(40);
  private static final Duration PATIENCE = Duration.ofMinutes(3).plus(Round.HELD_UP);
  private static final Duration AGAIN = Duration.ofMillis(250);

  private final String sessions;
  private final String wsUrl;
  private final String token;

  EndUser(Connection connection) {
    this.sessions = connection.apiUrl() + "/v1/sessions";
    this.wsUrl = connection.wsUrl();
    this.token = EndUserToken.of("chaos").mint(connection);
  }

  /**
   * A session, and the client's own part in it.
   *
   * @param desk over the socket; null for a client that speaks over HTTP only
   */
  record Visit(String session, @Nullable Desk desk) implements AutoCloseable {
    /** What the client's own tool was asked to do, a line a call. */
    List<String> notes() {
      return desk == null ? List.of() : desk.notes();
    }

    void drop() {
      if (desk != null) {
        desk.drop();
      }
    }

    @Override
    public void close() {
      if (desk != null) {
        desk.close();
      }
    }
  }

  /** Begins a new session. */
  Visit visit(Reference reference) throws InterruptedException {
    if (!reference.usesTheDesk()) {
      return new Visit(open(), null);
    }
    var desk = Desk.open(wsUrl, token);
    try {
      return new Visit(desk.session(), desk);
    } catch (Refused refused) {
      desk.close();
      throw refused;
    }
  }

  private String open() throws InterruptedException {
    var body = json().put("permissionMode", "bypassPermissions");
    var request =
        request("").header("Idempotency-Key", UUID.randomUUID().toString()).POST(text(body));
    return call(request).path("id").asString();
  }

  /** Sends a message under this id. */
  void send(String session, String message, String script) throws InterruptedException {
    var body = json().put("id", message).put("content", script);
    var _ = call(request("/" + session + "/messages").POST(text(body)));
  }

  /** Gives the message whose turn was cut; empty when none was. */
  String interrupt(String session, String message) throws InterruptedException {
    var body = json().put("message_id", message);
    return call(request("/" + session + "/interrupt").POST(text(body)))
        .path("interrupted")
        .asString("");
  }

  void close(String session) throws InterruptedException {
    var _ = call(request("/" + session).DELETE());
  }

  /** What is asked for to follow a session. */
  HttpRequest.Builder events(String session) {
    return request("/" + session + "/events");
  }

  JsonNode page(String session, long after) throws InterruptedException {
    return call(request("/%s/events?limit=1000&after_seq=%d".formatted(session, after)).GET());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(sessions + path))
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json");
  }

  private static ObjectNode json() {
    return ProtocolJson.mapper().createObjectNode();
  }

  private static HttpRequest.BodyPublisher text(JsonNode body) {
    return BodyPublishers.ofString(body.toString());
  }

  private static JsonNode call(HttpRequest.Builder request) throws InterruptedException {
    var asked = request.timeout(ANSWER).build();
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    var failure = "";
    while (System.nanoTime() < deadline) {
      try {
        var answer = HTTP.send(asked, BodyHandlers.ofString());
        if (answer.statusCode() < 300) {
          return ProtocolJson.mapper().readTree(answer.body().isEmpty() ? "{}" : answer.body());
        }
        failure = describe(answer);
        if (answer.statusCode() < 500 && answer.statusCode() != 429) {
          break;
        }
      } catch (IOException cut) {
        failure = String.valueOf(cut.getMessage());
      }
      TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
    }
    throw new Refused("%s %s: %s".formatted(asked.method(), asked.uri().getPath(), failure));
  }

  private static String describe(HttpResponse<String> answer) {
    return "%d %s".formatted(answer.statusCode(), answer.body());
  }

  /** A request that was refused for good, or not taken for as long as a client waits. */
  static final class Refused extends RuntimeException {
    Refused(String message) {
      super(message);
    }
  }
}
