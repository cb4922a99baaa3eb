package dev.berth.api.sending;

import static dev.berth.api.sending.Caller.assertProblem;
import static dev.berth.api.sending.Caller.eventually;
import static dev.berth.api.sending.Caller.json;
import static dev.berth.protocol.event.StopReason.END_TURN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ServedNode;
import dev.berth.api.TestProject;
import dev.berth.db.ApprovalLog;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ApprovalRequested;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ApprovalRoutesTest {
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
  @ValueSource(strings = {"allow", "deny", "withdraw"})
  void aDecisionIsInTheLogAndTheSameAgainGetsTheSameAnswer(String decision) {
    var session = jane.session();
    var message = waiting(session, "toolu_1");

    var first = decide(session, "toolu_1", decision, "as we said");
    var again = decide(session, "toolu_1", decision, "in other words");

    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(json(first))
        .hasToString(
            "{\"tool_use_id\":\"toolu_1\",\"decision\":\"%s\",\"reason\":\"as we said\"}"
                .formatted(decision));
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(jane.events(session))
        .filteredOn(event -> event.type().equals("approval.answered"))
        .singleElement()
        .satisfies(event -> assertThat(event.payload().path("by").asString()).isEqualTo("user"))
        .satisfies(event -> assertThat(String.valueOf(event.turnId())).isEqualTo(message));
    assertThat(status(session)).isEqualTo("running");
    finish(message);
  }

  @Test
  void theSameDecisionFiveTimesAtOnceIsOneAnswer() throws Exception {
    var session = jane.session();
    var message = waiting(session, "toolu_1");
    Callable<HttpResponse<String>> post = () -> decide(session, "toolu_1", "allow", null);
    try (var people = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(people.invokeAll(Collections.nCopies(5, post)))
          .extracting(sent -> sent.resultNow().body())
          .hasSize(5)
          .containsOnly("{\"tool_use_id\":\"toolu_1\",\"decision\":\"allow\",\"reason\":null}");
    }

    assertThat(jane.types(session)).containsOnlyOnce("approval.answered");
    finish(message);
  }

  @Test
  void anotherDecisionIsRefusedAndHearsTheOneThatStands() {
    var session = jane.session();
    var message = waiting(session, "toolu_1");
    decide(session, "toolu_1", "deny", null);

    assertThat(assertProblem(decide(session, "toolu_1", "allow", null), 409, "approval_conflict"))
        .contains("toolu_1")
        .contains("allow")
        .contains("deny, which was decided before");
    finish(message);
  }

  @Test
  void aSessionRequiresActionUntilItsLastCallIsDecided() {
    var session = jane.session();
    var message = waiting(session, "toolu_1", "toolu_2");

    assertThat(status(session)).isEqualTo("requires_action");
    decide(session, "toolu_1", "allow", null);
    assertThat(status(session)).isEqualTo("requires_action");
    decide(session, "toolu_2", "allow", null);
    assertThat(status(session)).isEqualTo("running");
    finish(message);
  }

  @Test
  void aSessionWhoseAgentAskedBetweenTwoTurnsIsIdleWhenThatIsDecided() {
    var session = jane.session();
    EventLog.append(
        served.node().db(),
        new Request(session, EventWriter.PLATFORM, ApprovalLog.requested(request("toolu_1"), 1)));

    assertThat(status(session)).isEqualTo("requires_action");
    decide(session, "toolu_1", "allow", null);
    assertThat(status(session)).isEqualTo("idle");
  }

  @Test
  void aCallOfATurnThatEndedWaitsNoMore() {
    var session = jane.session();
    var message = waiting(session, "toolu_1");
    ApprovalLog.withdrawAll(served.node().db(), session);
    finish(message);

    assertThat(assertProblem(decide(session, "toolu_1", "withdraw", null), 409, "approval_ended"))
        .contains("turn_ended");
    assertThat(jane.types(session)).contains("tool.denied");
  }

  @Test
  void aClosedSessionTakesNoDecision() {
    var session = jane.session();
    var message = waiting(session, "toolu_1");
    served.host().finish(new TurnId(message), END_TURN);
    jane.delete("/" + session);
    eventually(() -> status(session).equals("terminated"));

    assertProblem(decide(session, "toolu_1", "allow", null), 409, "session_closed");
  }

  @Test
  void whatIsNotTheUsersOwnIsNotFound() {
    var session = jane.session();
    var message = waiting(session, "toolu_1");

    assertProblem(
        john.post("/" + session + "/approvals/toolu_1", "{\"decision\": \"allow\"}"),
        404,
        "session_not_found");
    assertThat(assertProblem(decide(session, "toolu_9", "allow", null), 404, "approval_not_found"))
        .contains("toolu_9");
    assertProblem(
        jane.post("/" + UUID.randomUUID() + "/approvals/toolu_1", "{\"decision\": \"allow\"}"),
        404,
        "session_not_found");
    finish(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{ | Invalid body:",
        "{} | decision: null (expected: allow, deny or withdraw)",
        "{\"decision\": \"maybe\"} | decision: maybe (expected: allow, deny or withdraw)",
      })
  void aBodyThatCannotBeIsRefusedByWhatIsWrongWithIt(String body, String told) {
    var session = jane.session();

    assertThat(
            assertProblem(
                jane.post("/" + session + "/approvals/toolu_1", body), 400, "invalid_request"))
        .contains(told);
  }

  @Test
  void onlyAskMeansThatAPersonIsAsked() {
    assertThat(assertProblem(jane.post("", "{\"approvals\": \"always\"}"), 400, "invalid_request"))
        .contains("approvals: always (expected: ask, or nothing)");
    assertThat(jane.post("", "{\"approvals\": \"ask\"}").statusCode()).isEqualTo(201);
  }

  /** A message whose turn runs, with calls that wait for a person. */
  private static String waiting(SessionId session, String... calls) {
    served.host().nextTurn(new TurnBehaviour.Waits());
    var turns = turns();
    var message = jane.accepted(session, "{\"content\": \"long\"}");
    eventually(() -> turns() > turns);
    var turn = new TurnId(message);
    var events =
        Stream.of(calls)
            .flatMap(call -> ApprovalLog.requested(request(call), 1).stream())
            .map(event -> inTurn(event, turn))
            .toList();
    EventLog.append(served.node().db(), new Request(session, EventWriter.PLATFORM, events));
    return message;
  }

  private static NewEvent inTurn(NewEvent event, TurnId turn) {
    return event.event() instanceof SessionEvent.StatusChanged
        ? event
        : event.inTurn(turn, new MessageId(turn.value()));
  }

  private static ApprovalRequested request(String call) {
    var input = ProtocolJson.mapper().createObjectNode().put("command", "make");
    return new ApprovalRequested(call, "Bash", input, false, null, null, null);
  }

  private static HttpResponse<String> decide(
      SessionId session, String call, String decision, @Nullable String reason) {
    var body = ProtocolJson.mapper().createObjectNode().put("decision", decision);
    if (reason != null) {
      body.put("reason", reason);
    }
    return jane.post("/" + session + "/approvals/" + call, body.toString());
  }

  private static String status(SessionId session) {
    return json(jane.send("GET", "/" + session, "")).path("status").asString("");
  }

  private static long turns() {
    return served.host().log().stream().filter(what -> what.startsWith("turn")).count();
  }

  private static void finish(String message) {
    served.host().finish(new TurnId(message), END_TURN);
  }
}
