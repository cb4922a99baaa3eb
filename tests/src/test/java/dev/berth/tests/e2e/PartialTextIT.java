package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What was streamed and never completed is said to be void, and the text comes once. */
@Tag("e2e")
@Timeout(240)
class PartialTextIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  /** A2. */
  @Test
  void aSandboxThatIsKilledWhileTextStreamsVoidsItAndTheTextComesOnce() {
    try (var socket = platform.socket("pat").init(allowAll().put("includePartialMessages", true))) {
      socket.user("slow 50 ms per token\nlong 200 tokens");
      socket.await(
          frame -> frame.path("event").path("type").asString("").equals("content_block_delta"));
      docker("kill", "berth-" + socket.session());

      assertThat(socket.result().path("subtype").asString("")).isEqualTo("success");
      var types = events(socket.session());
      assertThat(types).containsOnlyOnce("agent.message", "message.superseded", "turn.completed");
      assertThat(types.indexOf("message.superseded")).isLessThan(types.indexOf("agent.message"));
    }
  }

  /** The Agent SDK keeps what came, ends that message itself and has the model go on from there. */
  @Test
  void anAnswerThatTheProviderCutsOffIsNotVoid() {
    try (var socket = platform.socket("pat").init(allowAll())) {
      socket.turn("cut after 4 events\nsay whole");

      assertThat(events(socket.session()))
          .contains("agent.message", "turn.completed")
          .doesNotContain("message.superseded");
    }
  }

  private static List<String> events(String session) {
    return platform
        .database()
        .fetch("select type from events where session_id = ?::uuid order by seq", session)
        .getValues("type", String.class);
  }
}
