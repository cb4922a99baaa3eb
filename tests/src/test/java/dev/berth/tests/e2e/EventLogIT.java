package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The event log over HTTP, as pages and as a stream. */
@Tag("e2e")
@Timeout(240)
class EventLogIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void pagesGiveTheWholeLogWithoutAGap() throws Exception {
    var session = sessionWithATurn("eva");
    var events = new ArrayList<JsonNode>();
    JsonNode page;
    do {
      var after = events.isEmpty() ? 0 : events.getLast().path("seq").asLong();
      page = json(get(session, "eva", "?limit=5&after_seq=" + after).body());
      page.path("events").forEach(events::add);
    } while (page.path("has_more").asBoolean());

    assertThat(events)
        .extracting(event -> event.path("seq").asLong())
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
    assertThat(events)
        .extracting(event -> event.path("type").asString(""))
        .contains(
            "session.opened",
            "message.accepted",
            "turn.started",
            "agent.message",
            "turn.completed");
  }

  @Test
  void aStreamBeginsAfterTheLastEventIdAndGoesOnLive() throws Exception {
    var session = sessionWithATurn("eva");
    var request =
        request(session, "eva", "")
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", "3")
            .build();
    var response = HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
    assertThat(response.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    var ids = new ArrayList<Long>();
    try (var socket = platform.socket("eva").init(allowAll().put("sessionId", session));
        var lines = response.body()) {
      socket.user("say once more");
      var iterator = lines.iterator();
      var completed = 0;
      while (completed < 2) {
        var line = iterator.next();
        if (line.startsWith("id: ")) {
          ids.add(Long.parseLong(line.substring(4)));
        }
        completed += line.equals("event: turn.completed") ? 1 : 0;
      }
    }

    assertThat(ids)
        .containsExactlyElementsOf(LongStream.rangeClosed(4, ids.getLast()).boxed().toList());
  }

  @Test
  void refusalsAreProblemsWithACode() throws Exception {
    var session = sessionWithATurn("eva");

    assertProblem(get(session, "mallory", ""), 404, "session_not_found");
    assertProblem(get(UUID.randomUUID().toString(), "eva", ""), 404, "session_not_found");
    assertProblem(get("nonsense", "eva", ""), 404, "session_not_found");
    assertProblem(get(session, "eva", "?after_seq=-1"), 400, "invalid_request");
    assertProblem(get(session, "eva", "?after_seq=x"), 400, "invalid_request");
    var anonymous =
        HttpRequest.newBuilder(uri(session, "")).header("Authorization", "Bearer x").build();
    assertProblem(HTTP.send(anonymous, HttpResponse.BodyHandlers.ofString()), 401, "invalid_token");
  }

  @Test
  void healthAndReadinessAnswer() throws Exception {
    for (var path : List.of("/healthz", "/health", "/readyz")) {
      var response =
          HTTP.send(
              HttpRequest.newBuilder(URI.create(platform.connection().apiUrl() + path)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
    }
  }

  private static String sessionWithATurn(String user) {
    try (var socket = platform.socket(user).init(allowAll())) {
      socket.turn("say something to read");
      return socket.session();
    }
  }

  private static HttpResponse<String> get(String session, String user, String query)
      throws IOException, InterruptedException {
    return HTTP.send(request(session, user, query).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String session, String user, String query) {
    return HttpRequest.newBuilder(uri(session, query))
        .header("Authorization", "Bearer " + platform.token(user));
  }

  private static URI uri(String session, String query) {
    return URI.create(
        platform.connection().apiUrl() + "/v1/sessions/" + session + "/events" + query);
  }

  private static void assertProblem(HttpResponse<String> response, int status, String code) {
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(json(response.body()).path("code").asString("")).isEqualTo(code);
    assertThat(json(response.body()).path("detail").asString("")).isNotBlank();
  }

  private static JsonNode json(String text) {
    return ProtocolJson.mapper().readTree(text);
  }
}
