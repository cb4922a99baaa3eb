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
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import java.net.http.HttpResponse;
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
class MessageRoutesTest {
  private static final String HI = "{\"content\": \"hi\"}";

  private static ServedNode served;
  private static Caller jane;
  private static Caller john;

  @BeforeAll
  static void startNode() {
    served = ServedNode.start();
    var project = TestProject.in(served.node().db());
    jane = Caller.of(served, project, "jane");
    john = Caller.of(served, project, "john");
  }

  @AfterAll
  static void stopNode() {
    served.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"content\": \"hi\"}",
        "{\"content\": [{\"type\": \"text\", \"text\": \"hi\"}], \"policy\": \"enqueue\"}",
        "{\"message\": {\"role\": \"user\", \"content\": \"hi\"}, \"a_field_from_the_future\": 1}",
        "{\"message\": {\"content\": \"hi\"}, \"policy\": \"reject\"}",
        "{\"content\": \"hi\", \"policy\": \"interrupt\"}",
      })
  void aMessageIsStoredAndRuns(String body) {
    var session = jane.session();

    var answer = jane.message(session, body);

    assertThat(answer.statusCode()).isEqualTo(202);
    var receipt = json(answer);
    assertThat(receipt.propertyNames()).containsExactly("id", "seq", "position", "repeated");
    assertThat(receipt.path("position").asInt()).isZero();
    assertThat(receipt.path("repeated").asBoolean()).isFalse();
    eventually(() -> jane.types(session).contains("turn.completed"));
    assertThat(jane.events(session))
        .filteredOn(event -> event.seq() == receipt.path("seq").asLong())
        .singleElement()
        .satisfies(event -> assertThat(event.type()).isEqualTo("message.accepted"))
        .satisfies(event ->
            assertThat(String.valueOf(event.messageId())).isEqualTo(receipt.path("id").asString()));
  }

  /** E2. */
  @Test
  void theSamePostFiveTimesAtOnceIsOneTurnAndOneAnswer() throws Exception {
    var session = jane.session();
    Callable<HttpResponse<String>> post =
        () -> jane.message(session, HI, "Idempotency-Key", "order 7");
    try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers =
          senders.invokeAll(Collections.nCopies(5, post)).stream().map(sent -> sent.resultNow());

      var receipts = answers.map(Caller::json).toList();
      assertThat(receipts)
          .extracting(one -> one.path("repeated").asBoolean())
          .containsOnlyOnce(false);
      assertThat(receipts)
          .extracting(
              one -> List.of(one.path("id"), one.path("seq"), one.path("position")).toString())
          .hasSize(5)
          .containsOnly(
              List.of(
                      receipts.getFirst().path("id"),
                      receipts.getFirst().path("seq"),
                      receipts.getFirst().path("position"))
                  .toString());
    }
    eventually(() -> jane.types(session).contains("turn.completed"));

    var later = json(jane.message(session, HI, "Idempotency-Key", "order 7"));

    assertThat(later.path("repeated").asBoolean()).isTrue();
    assertThat(jane.types(session)).containsOnlyOnce("message.accepted", "turn.completed");
  }

  @Test
  void aRepeatHearsThePositionThatWasToldFirst() {
    var session = jane.session();
    var running = running(session);
    var second = "{\"content\": \"second\", \"id\": \"%s\"}".formatted(UUID.randomUUID());

    var first = json(jane.message(session, second));
    finish(running);
    eventually(() -> Collections.frequency(jane.types(session), "turn.completed") == 2);
    var again = json(jane.message(session, second));

    assertThat(first.path("position").asInt()).isEqualTo(1);
    assertThat(again.path("position").asInt()).isEqualTo(1);
    assertThat(again.path("seq")).isEqualTo(first.path("seq"));
  }

  @Test
  void theIdMayStandInTheBodyOrTheHeader() {
    var session = jane.session();
    var id = UUID.randomUUID().toString();
    var body = "{\"content\": \"hi\", \"id\": \"%s\"}".formatted(id);

    assertThat(jane.accepted(session, body)).isEqualTo(id);
    assertThat(json(jane.message(session, HI, "Idempotency-Key", id)).path("repeated").asBoolean())
        .isTrue();
    assertThat(json(jane.message(session, body, "Idempotency-Key", id)).path("id").asString())
        .isEqualTo(id);
    assertThat(
            assertProblem(
                jane.message(session, body, "Idempotency-Key", "another"), 400, "invalid_request"))
        .contains(id);
    assertProblem(
        jane.message(session, "{\"content\": \"bye\", \"id\": \"%s\"}".formatted(id)),
        409,
        "message_conflict");
  }

  @Test
  void aMessageThatInterruptsRunsBeforeWhatWaits() {
    var session = jane.session();
    var running = running(session);
    var waiting = jane.accepted(session, "{\"content\": \"waiting\"}");

    var urgent = jane.accepted(session, "{\"content\": \"urgent\", \"policy\": \"interrupt\"}");

    eventually(() -> ends(session).size() == 3);
    assertThat(ends(session))
        .containsExactly(
            "turn.interrupted " + running, "turn.completed " + urgent, "turn.completed " + waiting);
  }

  @Test
  void aMessageThatIsNotToWaitIsRefusedByABusySessionForGood() {
    var session = jane.session();
    var running = running(session);
    var body =
        "{\"content\": \"now\", \"policy\": \"reject\", \"id\": \"%s\"}"
            .formatted(UUID.randomUUID());

    assertThat(assertProblem(jane.message(session, body), 409, "session_busy"))
        .contains("policy enqueue");
    finish(running);
    eventually(() -> ends(session).size() == 1);

    assertProblem(jane.message(session, body), 409, "session_busy");
    assertProblem(jane.message(session, body.replace("now", "later")), 409, "message_conflict");
    assertThat(jane.types(session)).containsOnlyOnce("message.accepted");
    assertThat(json(jane.message(session, body.replace("reject", "enqueue"))).path("repeated"))
        .hasToString("false");
    eventually(() -> ends(session).size() == 2);
    assertThat(json(jane.message(session, body)).path("repeated")).hasToString("true");
  }

  @Test
  void aMessageThatIsNotToWaitIsTakenAsSoonAsTheLogSaysThatTheTurnEnded() {
    var session = jane.session();
    for (var turns = 1; turns <= 5; turns++) {
      jane.accepted(session, "{\"content\": \"now\", \"policy\": \"reject\"}");
      var expected = turns;
      eventually(() -> ends(session).size() == expected);
    }
  }

  @Test
  void aMessageThatWaitsIsWithdrawnOnceAndForAll() {
    var session = jane.session();
    var running = running(session);
    var waiting = UUID.randomUUID().toString();
    var body = "{\"content\": \"waiting\", \"id\": \"%s\"}".formatted(waiting);
    jane.accepted(session, body);

    var answers =
        List.of(withdraw(session, waiting), withdraw(session, waiting), withdraw(session, waiting));
    finish(running);
    eventually(() -> ends(session).size() == 2);

    assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200);
    assertThat(answers)
        .extracting(HttpResponse::body)
        .containsOnly("{\"id\":\"%s\",\"withdrawn\":true}".formatted(waiting));
    assertThat(ends(session))
        .containsExactly("message.withdrawn " + waiting, "turn.completed " + running);
    assertProblem(jane.message(session, body), 409, "message_withdrawn");
    assertThat(withdraw(session, waiting).statusCode()).isEqualTo(200);
  }

  @Test
  void aMessageThatRunsOrHasEndedIsNotWithdrawn() {
    var session = jane.session();
    var running = running(session);

    assertThat(assertProblem(withdraw(session, running), 409, "message_not_waiting"))
        .contains("runs");
    finish(running);
    eventually(() -> ends(session).size() == 1);

    assertThat(assertProblem(withdraw(session, running), 409, "message_not_waiting"))
        .contains("end_turn");
  }

  @Test
  void withdrawalAndTurnRaceToOneEnd() throws Exception {
    for (var round = 0; round < 10; round++) {
      var session = jane.session();
      var running = running(session);
      var waiting = jane.accepted(session, "{\"content\": \"waiting\"}");
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        var withdrawal = threads.submit(() -> withdraw(session, waiting).statusCode());
        finish(running);

        var withdrawn = withdrawal.get() == 200;

        eventually(() -> ends(session).size() == 2);
        assertThat(ends(session))
            .contains((withdrawn ? "message.withdrawn " : "turn.completed ") + waiting);
      }
    }
  }

  @Test
  void whatIsNotTheUsersOwnIsNotFound() {
    var session = jane.session();
    var message = jane.accepted(session, HI);

    assertProblem(john.message(session, HI), 404, "session_not_found");
    assertProblem(john.delete("/" + session + "/messages/" + message), 404, "session_not_found");
    assertProblem(withdraw(session, UUID.randomUUID().toString()), 404, "message_not_found");
    assertProblem(withdraw(session, "nonsense"), 404, "message_not_found");
    assertProblem(
        jane.message(new SessionId(UUID.randomUUID().toString()), HI), 404, "session_not_found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{ | Invalid body:",
        "[] | Invalid body:",
        "{} | content is nothing",
        "{\"content\": \" \"} | an empty text",
        "{\"content\": [{\"type\": \"audio\"}]} | audio",
        "{\"content\": \"hi\", \"policy\": \"later\"} | policy: later (expected: enqueue, interrupt or reject)",
        "{\"content\": \"hi\", \"id\": \"seven\"} | id: seven (expected: a UUID)",
        "{\"message\": {\"role\": \"assistant\", \"content\": \"hi\"}} | role: assistant (expected: user)",
        "{\"message\": {\"content\": \"hi\"}, \"content\": \"hi\"} | both given",
      })
  void aBodyThatCannotBeIsRefusedByWhatIsWrongWithIt(String body, String told) {
    var session = jane.session();

    assertThat(assertProblem(jane.message(session, body), 400, "invalid_request")).contains(told);
    assertThat(jane.types(session)).doesNotContain("message.accepted");
  }

  @Test
  void anEmptyBodyOrKeyIsRefused() {
    var session = jane.session();

    assertProblem(jane.message(session, ""), 400, "invalid_request");
    assertProblem(
        jane.message(session, HI, "Idempotency-Key", "x".repeat(256)), 400, "invalid_request");
  }

  /** A message whose turn runs until it is finished. */
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

  private static void finish(String message) {
    served.host().finish(new TurnId(message), END_TURN);
  }

  private static HttpResponse<String> withdraw(SessionId session, String message) {
    return jane.delete("/" + session + "/messages/" + message);
  }

  /** How messages ended, in order. */
  private static List<String> ends(SessionId session) {
    return jane.events(session).stream()
        .filter(event -> event.id().endsWith("/end"))
        .map(event -> event.type() + " " + event.messageId())
        .toList();
  }
}
