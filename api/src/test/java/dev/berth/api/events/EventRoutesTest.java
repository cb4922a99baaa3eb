package dev.berth.api.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ApiNode;
import dev.berth.api.TestProject;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.LogCuts;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SessionEvent.AgentMessage;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class EventRoutesTest {
  private static ApiNode node;
  private static TestProject project;
  private static SessionId session;

  @BeforeAll
  static void startNode() {
    node = ApiNode.start(Map.of());
    project = TestProject.in(node.db());
    session = project.session("jane");
    append(session, 1, 5);
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 1 2 3 4 5, false",
    "?after_seq=3, 4 5, false",
    "?after_seq=5, '', false",
    "?after_seq=99, '', false",
    "?limit=2, 1 2, true",
    "?limit=5, 1 2 3 4 5, false",
    "?after_seq=1&limit=3, 2 3 4, true",
    "?limit=0, 1, true",
    "?limit=99999999999, 1 2 3 4 5, false",
  })
  void givesAPageAfterANumber(String query, String numbers, boolean more) throws Exception {
    var page = json(get(session, query, project.token("jane")));

    assertThat(page.path("events").valueStream().map(event -> event.path("seq").asString()))
        .containsExactlyElementsOf(numbers.isEmpty() ? List.of() : List.of(numbers.split(" ", -1)));
    assertThat(page.path("has_more").asBoolean()).isEqualTo(more);
  }

  @Test
  void aPageHasAtMostAThousandEvents() throws Exception {
    var many = project.session("jane");
    append(many, 1, 1001);

    var page = json(get(many, "?limit=5000", project.token("jane")));

    assertThat(page.path("events")).hasSize(1000);
    assertThat(page.path("has_more").asBoolean()).isTrue();
    assertThat(json(get(many, "", project.token("jane"))).path("events")).hasSize(200);
  }

  @Test
  void anEventIsShownWithItsEnvelopeAndTheAgentsOwnWords() throws Exception {
    var event = json(get(session, "?limit=1", project.token("jane"))).path("events").get(0);

    assertThat(event.path("id").asString()).isEqualTo("e1");
    assertThat(event.path("type").asString()).isEqualTo("agent.message");
    assertThat(event.path("payload").isObject()).isTrue();
    assertThat(event.path("raw").path("n").asInt()).isEqualTo(1);
    assertThat(event.path("at").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"?after_seq=-1", "?after_seq=x", "?limit=-5", "?after_seq=1.5"})
  void refusesNumbersThatAreNoneByNameAndValue(String query) throws Exception {
    var refused = get(session, query, project.token("jane"));

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(json(refused).path("code").asString()).isEqualTo("invalid_request");
    assertThat(json(refused).path("retryable").asBoolean()).isFalse();
    assertThat(json(refused).path("detail").asString())
        .startsWith(query.substring(1).replace("=", ": "));
  }

  @Test
  void refusesWhoHasNoToken() throws Exception {
    var refused =
        node.client()
            .send(
                HttpRequest.newBuilder(node.http("/v1/sessions/" + session + "/events")).build(),
                BodyHandlers.ofString());

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(json(refused).path("code").asString()).isEqualTo("invalid_token");
    assertThat(json(refused).path("status").asInt()).isEqualTo(401);
  }

  @Test
  void refusesAnExpiredToken() throws Exception {
    var expired =
        project.signed("{\"iss\": \"%s\", \"sub\": \"jane\", \"exp\": 1}".formatted(project.id()));

    var refused = get(session, "", expired);

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(json(refused).path("code").asString()).isEqualTo("token_expired");
  }

  @Test
  void anothersSessionAndNoSessionLookTheSame() throws Exception {
    var ofAnotherUser = get(session, "", project.token("john"));
    var ofAnotherProject = get(session, "", TestProject.in(node.db()).token("jane"));
    var missing = get(new SessionId(UUID.randomUUID().toString()), "", project.token("jane"));

    for (var refused : List.of(ofAnotherUser, ofAnotherProject, missing)) {
      assertThat(refused.statusCode()).isEqualTo(404);
      assertThat(json(refused).path("code").asString()).isEqualTo("session_not_found");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"yesterday", "..", "8F14E45F-CEEA-467F-9575-6F1D2C1B9D1A"})
  void whatIsNoIdIsNoSession(String id) throws Exception {
    var refused =
        node.client()
            .send(
                HttpRequest.newBuilder(node.http("/v1/sessions/" + id + "/events"))
                    .header("Authorization", "Bearer " + project.token("jane"))
                    .build(),
                BodyHandlers.ofString());

    assertThat(refused.statusCode()).isEqualTo(404);
  }

  @Test
  void aStreamHasWhatIsStoredAndThenWhatHappens() throws Exception {
    var streamed = project.session("jane");
    append(streamed, 1, 2);

    try (var lines = stream(streamed, "?after_seq=1", "")) {
      assertThat(event(lines)).containsEntry("id", "2").containsEntry("event", "agent.message");

      append(streamed, 3, 3);

      var next = event(lines);
      assertThat(next).containsEntry("id", "3");
      assertThat(
              ProtocolJson.mapper()
                  .readTree(next.getOrDefault("data", ""))
                  .path("raw")
                  .path("n")
                  .asInt())
          .isEqualTo(3);
    }
  }

  @Test
  void aReaderThatComesBackGoesOnAfterTheLastEventThatItHad() throws Exception {
    try (var lines = stream(session, "?after_seq=1", "4")) {
      assertThat(event(lines)).containsEntry("id", "5");
    }
  }

  @Test
  void refusesALastEventThatIsNoNumber() throws Exception {
    var refused =
        node.client()
            .send(
                request(session, "", project.token("jane"))
                    .header("Accept", "text/event-stream")
                    .header("Last-Event-ID", "latest")
                    .build(),
                BodyHandlers.ofString());

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(json(refused).path("detail").asString()).startsWith("Last-Event-ID: latest");
  }

  @Test
  void whoComesFromBeforeTheFirstEventThatIsKeptIsToldWhatWasThere() throws Exception {
    var cut = project.session("jane");
    append(cut, 1, 5);
    LogCuts.cut(node.db(), cut, 3);

    var page = json(get(cut, "?after_seq=1", project.token("jane")));
    assertThat(page.path("truncated").path("first_seq").asInt()).isEqualTo(4);
    assertThat(page.path("truncated").path("snapshot").path("turns").isNumber()).isTrue();
    assertThat(page.path("events").valueStream().map(event -> event.path("seq").asInt()))
        .containsExactly(4, 5);
    assertThat(json(get(cut, "?after_seq=3", project.token("jane"))).has("truncated")).isFalse();

    try (var lines = stream(cut, "", "1")) {
      var told = event(lines);
      assertThat(told).containsEntry("id", "3").containsEntry("event", "log.truncated");
      assertThat(
              ProtocolJson.mapper()
                  .readTree(told.getOrDefault("data", ""))
                  .path("first_seq")
                  .asInt())
          .isEqualTo(4);
      assertThat(event(lines)).containsEntry("id", "4");
    }
    try (var lines = stream(cut, "", "3")) {
      assertThat(event(lines)).containsEntry("id", "4").containsEntry("event", "agent.message");
    }
  }

  private static BufferedReader stream(SessionId session, String query, String last)
      throws Exception {
    var request =
        request(session, query, project.token("jane")).header("Accept", "text/event-stream");
    if (!last.isEmpty()) {
      request.header("Last-Event-ID", last);
    }
    var answer = node.client().send(request.build(), BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
    assertThat(answer.headers().firstValue("cache-control")).hasValue("no-store");
    return new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
  }

  /** The fields of the next event; comments are passed over. */
  private static Map<String, String> event(BufferedReader lines) throws Exception {
    var fields = new HashMap<String, String>();
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isEmpty() && !fields.isEmpty()) {
        return fields;
      }
      var colon = line.indexOf(": ");
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    return fields;
  }

  private static HttpResponse<String> get(SessionId session, String query, String token)
      throws Exception {
    return node.client().send(request(session, query, token).build(), BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(SessionId session, String query, String token) {
    return HttpRequest.newBuilder(node.http("/v1/sessions/" + session + "/events" + query))
        .header("Authorization", "Bearer " + token);
  }

  private static JsonNode json(HttpResponse<String> answer) {
    return ProtocolJson.mapper().readTree(answer.body());
  }

  private static void append(SessionId session, int from, int to) {
    EventLog.append(
        node.db(),
        new EventLog.Request(
            session,
            EventWriter.PLATFORM,
            IntStream.rangeClosed(from, to)
                .mapToObj(number ->
                    new NewEvent(
                        "e" + number,
                        new AgentMessage(),
                        null,
                        null,
                        "{\"n\": %d}".formatted(number)))
                .toList()));
  }
}
