package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Sessions and messages over HTTP, without any socket. */
@Tag("e2e")
@Timeout(240)
class SendingIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String LONG = "bash python3 -c \"import time; time.sleep(60)\"";

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void aConversationNeedsNoSocket() {
    var session = open();
    send(session, "Remember the number 4714");
    awaitEnds(session, 1);
    send(session, "Which number did I ask you to remember?");
    awaitEnds(session, 2);

    assertThat(answers(session)).contains("4714");
    var shown = json(call("GET", "/" + session, ""));
    assertThat(shown.path("turns").asLong()).isEqualTo(2);
    assertThat(shown.path("status").asString()).isEqualTo("idle");
  }

  /** E2. */
  @Test
  void theSamePostFiveTimesAtOnceIsOneTurnAndOneAnswer() throws Exception {
    var session = open();
    Callable<JsonNode> post =
        () ->
            json(
                call(
                    "POST",
                    "/" + session + "/messages",
                    "{\"content\": \"say once\"}",
                    "Idempotency-Key",
                    "once"));
    try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
      var receipts =
          senders.invokeAll(Collections.nCopies(5, post)).stream()
              .map(sent -> sent.resultNow())
              .toList();

      assertThat(receipts)
          .extracting(one -> "%s %s".formatted(one.path("seq"), one.path("position")))
          .hasSize(5)
          .containsOnly(
              "%s %s"
                  .formatted(
                      receipts.getFirst().path("seq"), receipts.getFirst().path("position")));
      assertThat(receipts)
          .extracting(one -> one.path("repeated").asBoolean())
          .containsOnlyOnce(false);
    }
    awaitEnds(session, 1);
    var later = post.call();

    assertThat(later.path("repeated").asBoolean()).isTrue();
    assertThat(types(session)).containsOnlyOnce("message.accepted", "turn.started");
  }

  /** E4. */
  @Test
  void anInterruptSaysWhatTheLogSays() throws Exception {
    var session = open();
    for (var round = 1; round <= 3; round++) {
      var message = send(session, "say quick " + round);

      var interrupted =
          json(call("POST", "/" + session + "/interrupt", "")).path("interrupted").asString("");

      awaitEnds(session, round);
      assertThat(ends(session).getLast())
          .isEqualTo((interrupted.isEmpty() ? "turn.completed " : "turn.interrupted ") + message);
    }
  }

  /** E5. */
  @Test
  void anInterruptLeavesWhatWaitsAndNamesIt() {
    var session = open();
    var first = send(session, LONG);
    var second = send(session, "say second");
    awaitStarted(session);

    var receipt = json(call("POST", "/" + session + "/interrupt", ""));

    assertThat(receipt)
        .hasToString("{\"interrupted\":\"%s\",\"waiting\":[\"%s\"]}".formatted(first, second));
    awaitEnds(session, 2);
    assertThat(ends(session))
        .containsExactly("turn.interrupted " + first, "turn.completed " + second);
  }

  @Test
  void anUrgentMessageCutsWhatRunsAndAWithdrawnOneNeverRuns() {
    var session = open();
    var first = send(session, LONG);
    var second = send(session, "say second");
    var third = send(session, "say third");
    awaitStarted(session);

    assertThat(call("DELETE", "/" + session + "/messages/" + third, "").statusCode())
        .isEqualTo(200);
    var busy =
        call("POST", "/" + session + "/messages", "{\"content\": \"x\", \"policy\": \"reject\"}");
    var urgent =
        json(call(
                "POST",
                "/" + session + "/messages",
                "{\"content\": \"say urgent\", \"policy\": \"interrupt\"}"))
            .path("id")
            .asString();

    awaitEnds(session, 4);
    assertThat(json(busy).path("code").asString()).isEqualTo("session_busy");
    assertThat(ends(session))
        .containsExactly(
            "message.withdrawn " + third,
            "turn.interrupted " + first,
            "turn.completed " + urgent,
            "turn.completed " + second);
    assertThat(answers(session)).contains("urgent", "second").doesNotContain("third");
  }

  @Test
  void aSocketHearsThatItsMessageWasWithdrawn() {
    try (var socket = platform.socket("ann").init(allowAll())) {
      send(socket.session(), LONG);
      awaitStarted(socket.session());
      socket.user("say nothing");
      eventually(
          "accepted",
          Duration.ofSeconds(20),
          () -> Collections.frequency(types(socket.session()), "message.accepted") == 2);
      var waiting =
          events(socket.session()).stream()
              .filter(event -> event.path("type").asString("").equals("message.accepted"))
              .toList()
              .getLast()
              .path("message_id")
              .asString();

      var withdrawn = call("DELETE", "/" + socket.session() + "/messages/" + waiting, "");

      assertThat(withdrawn.statusCode()).isEqualTo(200);
      assertThat(socket.result().path("errors").toString()).contains("withdrawn");
      call("POST", "/" + socket.session() + "/interrupt", "");
    }
  }

  @Test
  void aClosedSessionEndsWhatRunsAndItsSandbox() {
    var session = open();
    var running = send(session, LONG);
    var waiting = send(session, "say never");
    awaitStarted(session);

    assertThat(call("DELETE", "/" + session, "").statusCode()).isEqualTo(204);

    assertThat(
            json(call("POST", "/" + session + "/messages", "{\"content\": \"hi\"}"))
                .path("code")
                .asString())
        .isEqualTo("session_closed");
    eventually(
        "terminated",
        Duration.ofSeconds(30),
        () ->
            json(call("GET", "/" + session, "")).path("status").asString("").equals("terminated"));
    assertThat(ends(session))
        .containsExactly("turn.interrupted " + running, "turn.failed " + waiting);
    assertThat(types(session)).contains("sandbox.ended");
  }

  @Test
  void c6ASessionWhoseTranscriptIsLostGoesOnWithASummaryWhenItsUserAsks() {
    var session = open();
    send(session, "Remember the number 4730");
    awaitEnds(session, 1);
    docker("kill", "berth-" + session);
    eventually(
        "what it wrote is stored",
        Duration.ofSeconds(60),
        () -> types(session).contains("sandbox.ended"));
    var transcript = platform.transcript(session);
    assertThat(transcript).isDirectory();
    Machine.run("rm", "-rf", transcript.toString());

    var lost = send(session, "say never");
    awaitEnds(session, 2);
    assertThat(ends(session)).last().isEqualTo("turn.failed " + lost);
    assertThat(json(call("GET", "/" + session, "")).path("stop_reason").asString())
        .isEqualTo("transcript_missing");

    assertThat(call("POST", "/" + session + "/restart", "").statusCode()).isEqualTo(200);
    send(session, "say a fresh start");
    awaitEnds(session, 3);
    assertThat(answers(session)).contains("a fresh start");
    // The fresh agent was told.
    platform.awaitInTranscript(session, "user: Remember the number 4730");

    docker("kill", "berth-" + session);
    send(session, "say and it remembers from here on");
    awaitEnds(session, 4);
    assertThat(answers(session)).contains("and it remembers from here on");
  }

  private static String open() {
    var answer = call("POST", "", allowAll().toString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return json(answer).path("id").asString();
  }

  /** Gives the id of the message. */
  private static String send(String session, String text) {
    var body = ProtocolJson.mapper().createObjectNode().put("content", text).toString();
    var answer = call("POST", "/" + session + "/messages", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return json(answer).path("id").asString();
  }

  private static void awaitStarted(String session) {
    eventually(
        "the agent runs something",
        Duration.ofSeconds(60),
        () -> types(session).contains("agent.message"));
  }

  private static void awaitEnds(String session, int number) {
    eventually(number + " ends", Duration.ofSeconds(60), () -> ends(session).size() >= number);
  }

  private static List<JsonNode> events(String session) {
    return json(call("GET", "/" + session + "/events?limit=1000", ""))
        .path("events")
        .valueStream()
        .toList();
  }

  private static List<String> types(String session) {
    return events(session).stream().map(event -> event.path("type").asString("")).toList();
  }

  /** How messages ended, in order. */
  private static List<String> ends(String session) {
    return events(session).stream()
        .filter(event -> event.path("id").asString("").endsWith("/end"))
        .map(event -> event.path("type").asString("") + " " + event.path("message_id").asString(""))
        .toList();
  }

  /** What the agent said. */
  private static String answers(String session) {
    return events(session).stream()
        .filter(event -> event.path("type").asString("").equals("turn.completed"))
        .map(event -> event.at("/raw/result").asString(""))
        .toList()
        .toString();
  }

  private static HttpResponse<String> call(
      String method, String path, String body, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create(platform.connection().apiUrl() + "/v1/sessions" + path))
            .header("Authorization", "Bearer " + platform.token("ann"))
            .method(method, BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HTTP.send(request.build(), BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new AssertionError(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  private static JsonNode json(HttpResponse<String> answer) {
    return ProtocolJson.mapper().readTree(answer.body());
  }
}
