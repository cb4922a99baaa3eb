package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the log says of tool calls, and that the platform never runs one twice. */
@Tag("e2e")
@Timeout(240)
class ToolJournalIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void aCallIsProposedStartedAndCompleted() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.turn("bash echo hello");

      assertThat(toolEvents(socket.session()))
          .containsExactly("tool.proposed", "tool.started", "tool.completed");
    }
  }

  @Test
  void aCallThatNobodyAllowsIsDenied() {
    try (var socket = platform.socket("alice").init(TestSocket.json())) {
      socket.turn("bash touch denied");

      assertThat(toolEvents(socket.session())).last().isEqualTo("tool.denied");
    }
  }

  @Test
  void aCallWhoseSandboxIsKilledIsOfUnknownOutcomeAndIsNotRunAgain() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.user(
          """
          bash echo once >> effects; python3 -c "import time; time.sleep(30)"
          bash cat effects
          say finished
          """);
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
      var sandbox = "berth-" + socket.session();
      eventually(
          "the call runs",
          Duration.ofSeconds(30),
          () ->
              docker(
                      "exec",
                      "-u",
                      "10002",
                      sandbox,
                      "sh",
                      "-c",
                      "cat /workspace/project/effects || true")
                  .contains("once"));
      platform.awaitCallInTranscript(socket.session());
      docker("kill", sandbox);

      assertThat(socket.result().path("subtype").asString("")).isEqualTo("success");
      assertThat(toolEvents(socket.session()))
          .containsExactly(
              "tool.proposed",
              "tool.started",
              "tool.outcome_unknown",
              "tool.proposed",
              "tool.started",
              "tool.completed");
      assertThat(
              docker("exec", "-u", "10002", sandbox, "cat", "/workspace/project/effects").strip())
          .isEqualTo("once");
    }
  }

  @Test
  void a10ABackgroundCommandThatItsSandboxTookWithItIsReportedOnce() {
    try (var socket = platform.socket("alice").init(allowAll())) {
      socket.turn("background bash tail -f /dev/null\nsay started");
      docker("kill", "berth-" + socket.session());
      socket.turn("say next");
      docker("kill", "berth-" + socket.session());
      socket.turn("say last");

      assertThat(lost(socket.session())).containsExactly("command");
    }
  }

  /** The kinds of what was reported as lost beside the agent. */
  private static List<String> lost(String session) {
    return platform
        .database()
        .fetch(
            "select payload ->> 'kind' as kind from events where session_id = ?::uuid"
                + " and type = 'background.lost' order by seq",
            session)
        .getValues("kind", String.class);
  }

  private static List<String> toolEvents(String session) {
    return platform
        .database()
        .fetch(
            "select type from events where session_id = ?::uuid and type like 'tool.%' order by seq",
            session)
        .getValues("type", String.class);
  }
}
