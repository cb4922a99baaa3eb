package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tool calls that wait for a person, with the real Agent SDK. */
@Tag("e2e")
@Timeout(240)
class ApprovalIT {
  private static final String ONE = "bash echo one >> effects\nsay Went on.";

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void anAllowedCallRunsWhenItIsAllowedAndNotBefore() {
    var session = AskingSession.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    assertThat(session.status()).isEqualTo("requires_action");
    assertThat(session.types("tool.")).containsExactly("tool.proposed");
    session.decide(call, "allow");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed",
            "approval.requested",
            "approval.answered allow user",
            "tool.started",
            "tool.completed");
    assertThat(session.status()).isEqualTo("idle");
    assertThat(session.effects()).isEqualTo("one");
  }

  @Test
  void aDeniedCallNeverRunsAndTheModelHearsWhy() {
    var session = AskingSession.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.decide(call, "deny", "Not on a Friday.");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed", "approval.requested", "approval.answered deny user", "tool.denied");
    assertThat(session.resultOf(call)).contains("denied").contains("Not on a Friday.");
    assertThat(session.ends()).containsExactly("turn.completed");
  }

  @Test
  void aWithdrawnApprovalEndsTheCallAndAnotherDecisionIsRefused() {
    var session = AskingSession.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.decide(call, "withdraw");
    session.awaitEnds(1);

    assertThat(session.steps()).endsWith("approval.answered withdraw user", "tool.denied");
    var late = session.call("POST", "/approvals/" + call, "{\"decision\": \"allow\"}");
    assertThat(late.statusCode()).isEqualTo(409);
    assertThat(late.body()).contains("approval_conflict").contains("withdraw");
  }

  @Test
  void aSessionOfASocketAsksInTheLogAndIsAnsweredOverHttp() {
    try (var socket = platform.socket("petra").init(TestSocket.json().put("approvals", "ask"))) {
      var session = new AskingSession(platform, socket.session());
      socket.user(ONE);

      session.decide(session.awaitAsked(1).getFirst(), "allow");

      assertThat(socket.result().path("result").asString("")).isEqualTo("Went on.");
    }
  }

  @Test
  void a5ACallWhoseSandboxIsKilledWhileItWaitsIsAskedForAgainUnderItsIdAndRunsOnce() {
    var session = AskingSession.open(platform);
    var call = killedWhileItAsks(session, ONE);
    session.decide(call, "allow");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed",
            "approval.requested",
            "approval.answered allow user",
            "tool.started",
            "tool.completed");
    assertThat(session.types("")).contains("session.rescheduled");
    assertThat(session.ends()).containsExactly("turn.completed");
    assertThat(session.effects()).isEqualTo("one");
  }

  /** The Agent SDK by itself comes back to a call that was taken up once, and runs it again. */
  @Test
  void a5AnAllowedCallThatIsTakenUpAndKilledWhileItRunsIsNotRunAgain() {
    var session = AskingSession.open(platform);
    var call =
        killedWhileItAsks(
            session,
            "bash echo one >> effects; python3 -c \"import time; time.sleep(60)\"\nsay Went on.");
    session.decide(call, "allow");
    eventually(
        "the call runs",
        Duration.ofSeconds(60),
        () -> session.types("tool.").contains("tool.started"));
    eventually(
        "it has left its line",
        Duration.ofSeconds(30),
        () ->
            docker("exec", "-u", "10002", "berth-" + session.id(), "ls", "/workspace/project")
                .contains("effects"));

    docker("kill", "berth-" + session.id());
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed",
            "approval.requested",
            "approval.answered allow user",
            "tool.started",
            "tool.outcome_unknown");
    assertThat(session.ends()).containsExactly("turn.completed");
    assertThat(session.effects()).isEqualTo("one");
  }

  @Test
  void a5ACallThatIsDeniedAfterItsSandboxWasKilledNeverRan() {
    var session = AskingSession.open(platform);
    var call = killedWhileItAsks(session, ONE);
    session.decide(call, "deny");
    session.awaitEnds(1);

    assertThat(session.steps()).endsWith("approval.answered deny user", "tool.denied");
    assertThat(session.types("tool.")).containsExactly("tool.proposed", "tool.denied");
    assertThat(session.effects()).contains("No such file");
  }

  @Test
  void a6ThreeCallsOfOneTurnAllReachThePersonAndEachRunsOnce() {
    var session = AskingSession.open(platform);
    session.send(
        """
        parallel:
          bash echo one >> effects
          bash echo two >> effects
          bash echo three >> effects
        say Went on.
        """);
    for (var number = 1; number <= 3; number++) {
      var calls = session.awaitAsked(number);
      session.decide(calls.get(number - 1), "allow");
    }
    session.awaitEnds(1);

    assertThat(session.asked()).hasSize(3).doesNotHaveDuplicates();
    assertThat(Collections.frequency(session.types("tool."), "tool.completed")).isEqualTo(3);
    assertThat(session.effects().lines()).containsExactlyInAnyOrder("one", "two", "three");
  }

  @Test
  void a7AMessageThatComesWhileACallWaitsRunsAfterIt() {
    var session = AskingSession.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();
    session.send("say Second.");

    assertThat(session.ends()).isEmpty();
    session.decide(call, "allow");
    session.awaitEnds(2);

    assertThat(session.ends()).containsExactly("turn.completed", "turn.completed");
    assertThat(session.types("turn.started")).hasSize(2);
  }

  @Test
  void a7AnInterruptWithdrawsTheCallThatWaits() {
    var session = AskingSession.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.call("POST", "/interrupt", "");
    session.awaitEnds(1);

    assertThat(session.ends()).containsExactly("turn.interrupted");
    assertThat(session.steps()).contains("approval.answered withdraw turn_ended", "tool.denied");
    assertThat(session.call("POST", "/approvals/" + call, "{\"decision\": \"allow\"}").body())
        .contains("approval_ended");
  }

  @Test
  void aCallThatWaitsLongerThanItsSandboxRunsOnceInTheNextOne() {
    try (var impatient = TestPlatform.start("approvals", Map.of("session.idle", "2s"))) {
      var session = AskingSession.open(impatient);
      session.send(ONE);
      var call = session.awaitAsked(1).getFirst();
      session.awaitParked();

      assertThat(session.status()).isEqualTo("requires_action");
      session.decide(call, "allow");
      session.awaitEnds(1);

      assertThat(session.steps())
          .containsExactly(
              "tool.proposed",
              "approval.requested",
              "approval.answered allow user",
              "tool.started",
              "tool.completed");
      assertThat(session.ends()).containsExactly("turn.completed");
      assertThat(session.effects()).isEqualTo("one");
    }
  }

  /** Gives the one call of a message, for which the session's next sandbox asks again. */
  private static String killedWhileItAsks(AskingSession session, String message) {
    session.send(message);
    var call = session.awaitAsked(1).getFirst();
    platform.awaitInTranscript(session.id(), call);
    docker("kill", "berth-" + session.id());
    session.awaitAskedAgain();
    return call;
  }
}
