package dev.berth.api.sending;

import static dev.berth.api.sending.Caller.assertProblem;
import static dev.berth.api.sending.Caller.eventually;
import static dev.berth.api.sending.Caller.json;
import static dev.berth.protocol.event.StopReason.END_TURN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ServedNode;
import dev.berth.api.TestProject;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent.SessionRestarted;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SessionRoutesTest {
  private static final String HI = "{\"content\": \"hi\"}";

  private static ServedNode served;
  private static TestProject project;
  private static Caller jane;
  private static Caller john;

  @BeforeAll
  static void startNode() {
    served = ServedNode.start();
    project = TestProject.in(served.node().db());
    jane = Caller.of(served, project, "jane");
    john = Caller.of(served, project, "john");
  }

  @AfterAll
  static void stopNode() {
    served.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        " | claude-sonnet-4-5-20250929",
        "{} | claude-sonnet-4-5-20250929",
        "{\"model\": \"opus\", \"a_field_from_the_future\": 1} | claude-opus-4-5-20251101",
      })
  void opensASessionWithTheOptionsOfInit(String options, String model) {
    var answer = jane.post("", options == null ? "" : options);

    assertThat(answer.statusCode()).isEqualTo(201);
    var opened = json(answer);
    assertThat(opened.propertyNames()).containsExactly("id", "status", "model", "last_seq");
    assertThat(opened.path("model").asString()).isEqualTo(model);
    assertThat(opened.path("last_seq").asLong()).isPositive();
  }

  @Test
  void underOneKeyThereIsOneSession() throws Exception {
    var options = "{\"model\": \"opus\"}";
    Callable<HttpResponse<String>> post = () -> jane.post("", options, "Idempotency-Key", "k1");
    try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers =
          senders.invokeAll(Collections.nCopies(5, post)).stream()
              .map(sent -> sent.resultNow())
              .toList();

      assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(201);
      var id = json(answers.getFirst()).path("id");
      assertThat(answers).extracting(one -> json(one).path("id")).containsOnly(id);
      assertThat(jane.types(new SessionId(id.asString()))).containsOnlyOnce("session.opened");
      assertThat(json(john.post("", options, "Idempotency-Key", "k1")).path("id")).isNotEqualTo(id);
      assertThat(json(jane.post("", options, "Idempotency-Key", "k2")).path("id")).isNotEqualTo(id);
    }
    assertThat(assertProblem(jane.post("", "", "Idempotency-Key", "k1"), 409, "session_conflict"))
        .contains("k1");
  }

  @Test
  void resumesTheSessionThatTheOptionsName() {
    var session = jane.session();
    var options = "{\"sessionId\": \"%s\"}".formatted(session);

    var resumed = jane.post("", options);

    assertThat(resumed.statusCode()).isEqualTo(200);
    assertThat(json(resumed).path("id").asString()).isEqualTo(session.value());
    assertProblem(john.post("", options), 404, "session_not_found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"maxTurns\": 0} | maxTurns: 0 (expected: > 0)",
        "{\"maxTurns\": \"many\"} | Invalid body:",
        "{\"forkSession\": true} | forkSession",
        "hello | Invalid body:",
        "[] | Invalid body:",
      })
  void refusesOptionsThatCannotBe(String options, String told) {
    assertThat(assertProblem(jane.post("", options), 400, "invalid_request")).contains(told);
  }

  @Test
  void showsWhereASessionStands() {
    var session = jane.session();
    jane.accepted(session, HI);
    eventually(() -> jane.types(session).contains("turn.completed"));

    var shown = json(jane.send("GET", "/" + session, ""));

    assertThat(shown.path("id").asString()).isEqualTo(session.value());
    assertThat(shown.path("turns").asLong()).isEqualTo(1);
    assertThat(shown.path("last_seq").asLong()).isPositive();
    assertThat(Instant.parse(shown.path("created_at").asString()))
        .isBetween(Instant.now().minus(Duration.ofMinutes(5)), Instant.now());
    assertThat(shown.has("status")).isTrue();
  }

  /** E4. */
  @Test
  void anInterruptThatRacesCompletionSaysWhatTheLogSays() throws Exception {
    for (var round = 0; round < 10; round++) {
      var session = jane.session();
      var running = running(session);
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        var interrupt = threads.submit(() -> json(jane.post("/" + session + "/interrupt", "")));
        served.host().finish(new TurnId(running), END_TURN);

        var interrupted = interrupt.get().path("interrupted").asString("");

        eventually(() -> !ends(session).isEmpty());
        assertThat(ends(session))
            .containsExactly(
                interrupted.isEmpty()
                    ? "turn.completed " + running
                    : "turn.interrupted " + running);
      }
    }
  }

  /** E5. */
  @Test
  void anInterruptLeavesWhatWaitsAndNamesIt() {
    var session = jane.session();
    var running = running(session);
    served.host().nextTurn(new TurnBehaviour.Waits());
    var waiting = jane.accepted(session, HI);

    var receipt = json(jane.post("/" + session + "/interrupt", "{}"));

    assertThat(receipt)
        .hasToString("{\"interrupted\":\"%s\",\"waiting\":[\"%s\"]}".formatted(running, waiting));
    served.host().finish(new TurnId(waiting), END_TURN);
    eventually(() -> ends(session).size() == 2);
    assertThat(ends(session))
        .containsExactly("turn.interrupted " + running, "turn.completed " + waiting);
  }

  @Test
  void anInterruptOfAMessageThatDoesNotRunCutsNothing() {
    var session = jane.session();
    var running = running(session);
    var path = "/" + session + "/interrupt";

    assertThat(
            json(jane.post(path, "{\"message_id\": \"%s\"}".formatted(UUID.randomUUID())))
                .toString())
        .isEqualTo("{\"interrupted\":null,\"waiting\":[]}");
    assertProblem(jane.post(path, "{\"message_id\": \"seven\"}"), 400, "invalid_request");
    assertProblem(john.post(path, ""), 404, "session_not_found");
    assertThat(
            json(jane.post(path, "{\"message_id\": \"%s\"}".formatted(running)))
                .path("interrupted")
                .asString())
        .isEqualTo(running);
  }

  @Test
  void aSessionWithNothingToDoHasNothingToInterrupt() {
    var session = jane.session();

    assertThat(jane.post("/" + session + "/interrupt", "").body())
        .isEqualTo("{\"interrupted\":null,\"waiting\":[]}");
  }

  @Test
  void aClosedSessionIsClosedForGood() {
    var session = jane.session();
    var running = running(session);
    var waiting = jane.accepted(session, HI);

    assertProblem(john.delete("/" + session), 404, "session_not_found");
    assertThat(jane.delete("/" + session).statusCode()).isEqualTo(204);
    assertProblem(jane.message(session, HI), 409, "session_closed");
    eventually(() -> status(session).equals("terminated"));
    assertThat(jane.delete("/" + session).statusCode()).isEqualTo(204);

    assertThat(ends(session))
        .containsExactly("turn.interrupted " + running, "turn.failed " + waiting);
    assertProblem(jane.message(session, HI), 409, "session_closed");
    assertProblem(
        jane.message(session, "{\"content\": \"hi\", \"policy\": \"reject\"}"),
        409,
        "session_closed");
    assertProblem(jane.post("/" + session + "/interrupt", ""), 409, "session_closed");
    assertProblem(
        jane.post("", "{\"sessionId\": \"%s\"}".formatted(session)), 409, "session_closed");
    assertProblem(jane.delete("/" + session + "/messages/" + waiting), 409, "message_not_waiting");
    assertThat(jane.types(session)).containsOnlyOnce("session.opened");
    assertThat(Collections.frequency(jane.types(session), "message.accepted")).isEqualTo(2);
  }

  @Test
  void aSessionThatNobodyEverServedIsClosedToo() {
    var session = project.session("jane");

    assertThat(jane.delete("/" + session).statusCode()).isEqualTo(204);

    eventually(() -> status(session).equals("terminated"));
    assertProblem(jane.message(session, HI), 409, "session_closed");
  }

  @Test
  void c6ASessionThatLostItsTranscriptIsRestartedOnceWithASummary() {
    var session = jane.session();
    assertProblem(jane.post("/" + session + "/restart", ""), 409, "restart_not_needed");
    served.host().nextTurn(new TurnBehaviour.Ends(StopReason.TRANSCRIPT_MISSING));
    jane.accepted(session, "{\"content\": \"Remember the number 4730\"}");
    eventually(() -> ends(session).size() == 1);

    assertProblem(john.post("/" + session + "/restart", ""), 404, "session_not_found");
    var first = json(jane.post("/" + session + "/restart", ""));
    var again = json(jane.post("/" + session + "/restart", ""));

    assertThat(first.path("repeated").asBoolean()).isFalse();
    assertThat(again.path("repeated").asBoolean()).isTrue();
    assertThat(again.path("seq")).isEqualTo(first.path("seq"));
    assertThat(jane.events(session))
        .filteredOn(event -> event.event() instanceof SessionRestarted)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.seq()).isEqualTo(first.path("seq").asLong());
          assertThat(event.payload().path("summary").asString())
              .isEqualTo("user: Remember the number 4730");
        });
    assertThat(json(jane.send("GET", "/" + session, "")).path("restart_reason").asString())
        .isEqualTo("transcript_missing");

    jane.accepted(session, HI);
    eventually(() -> ends(session).size() == 2);
    assertProblem(jane.post("/" + session + "/restart", ""), 409, "restart_not_needed");
    assertThat(json(jane.send("GET", "/" + session, "")).path("stop_reason").asString())
        .isEqualTo("end_turn");
    jane.delete("/" + session);
    assertProblem(jane.post("/" + session + "/restart", ""), 409, "session_closed");
  }

  @Test
  void aSessionIsNotCompletedByItsTurnsWhenItNeverHadASocket() {
    var session = jane.session();
    jane.accepted(session, HI);
    eventually(() -> status(session).equals("idle") && ends(session).size() == 1);

    assertThat(jane.types(session)).doesNotContain("session.completed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST ",
        "GET /ID",
        "DELETE /ID",
        "POST /ID/messages",
        "POST /ID/interrupt",
        "POST /ID/restart"
      })
  void aTokenThatIsNotGoodIsRefusedAsOnTheSocket(String route) {
    var method = route.substring(0, route.indexOf(' '));
    var path = route.substring(route.indexOf(' ') + 1).replace("ID", jane.session().value());
    var claims = "{\"iss\": \"%s\", \"sub\": \"jane\", \"exp\": %d %s}";

    assertProblem(new Caller(served, "x").send(method, path, ""), 401, "invalid_token");
    assertProblem(
        new Caller(served, project.signed(claims.formatted(project.id(), 1, "")))
            .send(method, path, ""),
        401,
        "token_expired");
    assertProblem(
        new Caller(served, project.signed(claims.formatted(project.id(), 4000000000L, "")))
            .send(method, path, ""),
        400,
        "invalid_request");
    assertProblem(
        new Caller(
                served,
                project.signed(
                    claims.formatted(
                        project.id(), 4000000000L, ", \"budget\": {\"ai\": 0, \"compute\": 0}")))
            .send(method, path, ""),
        429,
        "user_budget_exhausted");
  }

  @Test
  void withoutATokenItIsSaidHowToSendOne() throws Exception {
    var answer =
        served
            .node()
            .client()
            .send(
                HttpRequest.newBuilder(served.node().http("/v1/sessions/x")).build(),
                BodyHandlers.ofString());

    assertThat(assertProblem(answer, 401, "invalid_token")).contains("Authorization: Bearer");
  }

  private static String running(SessionId session) {
    served.host().nextTurn(new TurnBehaviour.Waits());
    var turns = turns();
    var message = jane.accepted(session, "{\"content\": \"long\"}");
    eventually(() -> turns() > turns);
    return message;
  }

  private static long turns() {
    return served.host().log().stream().filter(what -> what.startsWith("turn")).count();
  }

  private static String status(SessionId session) {
    return json(jane.send("GET", "/" + session, "")).path("status").asString("");
  }

  private static List<String> ends(SessionId session) {
    return jane.events(session).stream()
        .filter(event -> event.id().endsWith("/end"))
        .map(event -> event.type() + " " + event.messageId())
        .toList();
  }
}
