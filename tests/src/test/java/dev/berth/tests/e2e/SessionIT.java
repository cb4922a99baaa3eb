package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static dev.berth.tests.e2e.TestSocket.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client has from a session: turns, memory, and a session that outlives what dies. */
@Tag("e2e")
@Timeout(240)
class SessionIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void theDemoOfTheReadmeReallyWritesAndRunsAProgram() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      var result =
          socket.turn(
              "Create primes.py that prints the first ten primes, run it, and tell me the output");

      assertThat(result.path("subtype").asString("")).isEqualTo("success");
      assertThat(result.path("result").asString("")).contains("2, 3, 5, 7, 11, 13, 17, 19, 23, 29");
      assertThat(
              docker(
                  "exec",
                  "-u",
                  "10002",
                  "berth-" + socket.session(),
                  "cat",
                  "/workspace/project/primes.py"))
          .contains("print");
    }
  }

  @Test
  void theNextTurnKnowsTheOneBefore() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.turn("Remember the number 4711");

      assertThat(socket.turn("Which number did I ask you to remember?").path("result").asString(""))
          .contains("4711");
    }
  }

  @Test
  void aSessionWhoseSandboxWasKilledAnswersWithWhatItKnew() {
    String session;
    try (var socket = platform.socket("alice").init(allowAll())) {
      session = socket.session();
      socket.turn("Remember the number 4712");
    }
    docker("kill", "berth-" + session);

    try (var socket = platform.socket("alice").init(allowAll().put("sessionId", session))) {
      assertThat(socket.session()).isEqualTo(session);
      assertThat(socket.turn("Which number did I ask you to remember?").path("result").asString(""))
          .contains("4712");
    }
  }

  @Test
  void aTurnWhoseSandboxIsKilledIsTakenUp() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.user(
          """
          bash python3 -c "import time; time.sleep(30)"
          say finished anyway
          """);
      awaitCall(socket.session());
      docker("kill", "berth-" + socket.session());

      var result = socket.result();
      assertThat(result.path("subtype").asString("")).isEqualTo("success");
      assertThat(result.path("result").asString("")).isEqualTo("finished anyway");
      assertThat(events(socket.session()))
          .contains("sandbox.ended", "session.rescheduled", "turn.completed");
    }
  }

  @Test
  void everythingHasOneSessionId() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      var result = socket.turn("say hello");

      assertThat(result.path("session_id").asString("")).isEqualTo(socket.session());
      assertThat(socket.seen())
          .filteredOn(frame -> frame.has("session_id"))
          .allSatisfy(frame ->
              assertThat(frame.path("session_id").asString("")).isEqualTo(socket.session()));
    }
  }

  @Test
  void aTurnGoesOnWhenItsSocketVanishesAndAnotherSocketReadsIt() {
    var first = platform.socket("alice").init(allowAll());
    first.user(
        """
        bash python3 -c "import time; time.sleep(2)"
        say still here
        """);
    first.await(frame -> frame.path("type").asString("").equals("assistant"));
    first.vanish();

    try (var second =
        platform
            .socket("alice")
            .init(allowAll().put("sessionId", first.session()).put("after_seq", 0))) {
      assertThat(second.result().path("result").asString("")).isEqualTo("still here");
      assertThat(second.seen())
          .filteredOn(frame -> frame.has("seq"))
          .extracting(frame -> frame.path("seq").asLong())
          .isSorted()
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void continueTakesTheLatestSession() {
    String session;
    try (var socket = platform.socket("carol").init(allowAll())) {
      session = socket.session();
      socket.turn("Remember the number 4713");
    }

    try (var socket = platform.socket("carol").init(allowAll().put("continue", true))) {
      assertThat(socket.session()).isEqualTo(session);
    }
    try (var socket = platform.socket("dave").init(allowAll().put("continue", true))) {
      assertThat(socket.session()).isNotEqualTo(session);
    }
  }

  @Test
  void anInterruptEndsTheTurnAndTheSessionGoesOn() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.user("bash python3 -c \"import time; time.sleep(60)\"");
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
      socket.send(TestSocket.frame("control", json().put("action", "interrupt")));

      var receipt =
          socket.await(frame -> frame.at("/payload/action").asString("").equals("interrupt"));
      assertThat(receipt.at("/payload/data/cut").asString("")).isNotEmpty();
      assertThat(socket.result().path("subtype").asString("")).isEqualTo("error_during_execution");
      assertThat(events(socket.session())).contains("turn.interrupted");
      assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  /** The next agent takes such a turn up by itself, before anybody tells it anything. */
  @Test
  void aTurnThatIsInterruptedInItsRecoveryGoesOnNowhere() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.user(
          """
          bash python3 -c "import time; time.sleep(30)"
          bash python3 -c "import time; time.sleep(5)"; echo more >> effects
          say done
          """);
      awaitCall(socket.session());
      docker("kill", "berth-" + socket.session());
      eventually(
          "the turn is taken up",
          Duration.ofSeconds(30),
          () -> platform.events("type = 'session.rescheduled'", socket.session()) == 1);

      socket.send(TestSocket.frame("control", json().put("action", "interrupt")));

      assertThat(socket.result().path("subtype").asString("")).isEqualTo("error_during_execution");
      assertThat(
              socket.turn("bash sleep 8; cat effects\nsay {{result}}").path("result").asString(""))
          .contains("No such file");
    }
  }

  @Test
  void messagesThatComeTooEarlyWaitInOrder() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.user("say one").user("say two").user("say three");

      assertThat(socket.result().path("result").asString("")).isEqualTo("one");
      assertThat(socket.result().path("result").asString("")).isEqualTo("two");
      assertThat(socket.result().path("result").asString("")).isEqualTo("three");
    }
  }

  @Test
  void aCompletedSessionLosesItsSandboxAfterALinger() {
    String session;
    try (var socket = platform.socket("erin").init(allowAll())) {
      session = socket.session();
      socket.turn("say hello");
    }

    eventually(
        "the row says completed",
        Duration.ofSeconds(10),
        () -> events(session).contains("session.completed"));
    assertThat(docker("ps", "-q", "--filter", "name=berth-" + session)).isNotEmpty();
  }

  private static void awaitCall(String session) {
    eventually(
        "the first call runs",
        Duration.ofSeconds(60),
        () -> platform.events("type = 'tool.started'", session) == 1);
  }

  private static String events(String session) {
    return String.valueOf(
        platform
            .database()
            .fetch("select type from events where session_id = ?::uuid order by seq", session)
            .getValues("type"));
  }
}
