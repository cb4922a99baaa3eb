package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Agents and bridges that are stuck, with limits that are short: each is found, named, and either
 * replaced or ended; the turn goes on.
 */
@Tag("e2e")
@Timeout(300)
class WatchdogsIT {
  private static final String IMAGE = "berth-test:watchdogs";
  private static final Duration BACKGROUND = Duration.ofSeconds(25);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** An MCP server whose only tool never answers. */
  private static final String SILENT_SERVER =
      """
      import json, sys
      for line in sys.stdin:
          asked = json.loads(line)
          answers = {
              "initialize": {
                  "protocolVersion": "2025-06-18",
                  "capabilities": {"tools": {}},
                  "serverInfo": {"name": "silent", "version": "1"},
              },
              "tools/list": {"tools": [{"name": "ask", "inputSchema": {"type": "object"}}]},
          }
          if asked.get("method") in answers:
              answer = {"jsonrpc": "2.0", "id": asked["id"], "result": answers[asked["method"]]}
              print(json.dumps(answer), flush=True)
      """;

  @TempDir private static Path folder;
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    AgentImage.good(IMAGE);
    platform =
        TestPlatform.start(
            "watchdogs",
            Map.of(
                "SANDBOX_IMAGE", IMAGE,
                "sandbox.silence", "5s",
                "watchdog.start", "15s",
                "watchdog.hang", "8s",
                "watchdog.stream-idle", "12s",
                "watchdog.tool", "8s",
                "session.idle", "10s",
                "session.background", BACKGROUND.toSeconds() + "s"));
  }

  @AfterAll
  static void stop() {
    if (platform != null) {
      platform.close();
    }
    docker("rmi", "-f", IMAGE);
  }

  @Test
  void a14AWedgedStreamIsTakenUpOnAnotherSandbox() {
    try (var socket = platform.socket("wes").init(allowAll())) {
      var result = socket.turn("stall after 4 events\nsay whole");

      assertThat(result.path("result").asString("")).isEqualTo("whole");
      assertThat(ends(socket)).containsExactly("stream_wedged");
      assertThat(rescheduled(socket)).containsExactly("stream_wedged");
      assertThat(types(socket)).contains("message.superseded").doesNotContain("turn.failed");
    }
  }

  @Test
  void a13AnAgentThatHangsAfterItsResultIsReplacedWithoutAnError() {
    try (var socket = platform.socket("wes").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      var container = "berth-" + socket.session();
      Machine.run("kill", "-STOP", process(container, AgentImage.AGENT));

      assertThat(socket.turn("say after").path("result").asString("")).isEqualTo("after");
      assertThat(ends(socket)).containsExactly("agent_hung");
      assertThat(types(socket)).doesNotContain("turn.failed");
      assertThat(payloads(socket, "turn.completed")).hasSize(2);
    }
  }

  @Test
  void aBridgeThatStandsStillIsReplacedAndItsContainerKilled() {
    try (var socket = platform.socket("wes").init(allowAll())) {
      // Whether the transcript has the call yet is a race; if not, the model asks again.
      socket.user(
          """
          bash [ -e begun ] || { touch begun; for i in $(seq 600); do sleep 0.1; done; }
          say went on
          """);
      eventually(
          "the call runs",
          PATIENCE,
          () -> types(socket).contains("tool.started") && files(socket).contains("begun"));
      var container = docker("inspect", "-f", "{{.Id}}", "berth-" + socket.session());
      Machine.run("kill", "-STOP", process(container, "main.js bridge"));

      assertThat(socket.result().path("result").asString("")).isEqualTo("went on");
      assertThat(ends(socket)).containsExactly("silent");
      assertThat(rescheduled(socket)).containsExactly("silent");
      assertThat(types(socket)).contains("tool.outcome_unknown");
      eventually(
          "the container is gone",
          PATIENCE,
          () -> !docker("ps", "-a", "-q", "--no-trunc").contains(container));
    }
  }

  @Test
  void anAgentThatNeverComesUpIsFoundAndItsTurnTakenUp() throws IOException {
    try (var socket = platform.socket("wes").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      docker("kill", "berth-" + socket.session());
      eventually("the end is noticed", PATIENCE, () -> !ends(socket).isEmpty());
      AgentImage.with("#!/bin/sh\nexec sleep 86400\n", IMAGE, folder);
      try {
        socket.user("say after");
        eventually(
            "the start is given up", PATIENCE, () -> ends(socket).contains("start_timed_out"));
      } finally {
        AgentImage.good(IMAGE);
      }
      assertThat(socket.result().path("result").asString("")).isEqualTo("after");
      assertThat(rescheduled(socket)).contains("start_timed_out");
    }
  }

  @Test
  void aToolOverItsTimeLimitIsEndedAndTheTurnGoesOn() {
    var options = allowAll();
    options
        .putObject("mcpServers")
        .putObject("silent")
        .put("command", "python3")
        .putArray("args")
        .add("-c")
        .add(SILENT_SERVER);
    try (var socket = platform.socket("wes").init(options)) {
      var result = socket.turn("tool mcp__silent__ask {}\nsay went on: {{result}}");

      assertThat(result.path("result").asString("")).contains("went on").contains("timed out");
      assertThat(payloads(socket, "tool.completed"))
          .singleElement()
          .satisfies(ended -> {
            assertThat(ended.path("is_error").asBoolean()).isTrue();
            assertThat(ended.path("problem").asString("")).isEqualTo("tool_timed_out");
          });
      assertThat(rescheduled(socket)).isEmpty();
    }
  }

  @Test
  void g4WorkInTheBackgroundKeepsAnIdleSandboxToABoundAndIsThenReported() {
    try (var socket = platform.socket("wes").init(allowAll())) {
      socket.turn(
          """
          background bash while true; do echo tick >> ticks; sleep 0.2; done
          say started
          """);
      eventually("the sandbox is reaped", PATIENCE, () -> !ends(socket).isEmpty());

      var lost = payloads(socket, "sandbox.ended").getFirst();
      assertThat(lost.path("reason").asString("")).isEqualTo("idle");
      assertThat(lost.path("background").size()).isEqualTo(1);
      assertThat(lost.at("/background/0/kind").asString("")).isEqualTo("local_bash");
      assertThat(lost.at("/background/0/description").asString("")).isNotBlank();
      assertThat(Duration.between(at(socket, "turn.completed"), at(socket, "sandbox.ended")))
          .isGreaterThan(BACKGROUND.minusSeconds(1));
      assertThat(socket.turn("say next").path("result").asString("")).isEqualTo("next");
    }
  }

  private static String files(TestSocket socket) {
    return docker("exec", "-u", "10002", "berth-" + socket.session(), "ls", "/workspace/project");
  }

  /** The number that a process of a container has on this machine. */
  private static String process(String container, String command) {
    return docker("top", container, "-eo", "pid,args")
        .lines()
        .filter(line -> line.contains(command))
        .map(line -> line.strip().split("\\s+", 2)[0])
        .findFirst()
        .orElseThrow();
  }

  private static List<String> ends(TestSocket socket) {
    return reasons(socket, "sandbox.ended");
  }

  private static List<String> rescheduled(TestSocket socket) {
    return reasons(socket, "session.rescheduled");
  }

  private static List<String> reasons(TestSocket socket, String type) {
    return payloads(socket, type).stream()
        .map(payload -> payload.path("reason").asString(""))
        .toList();
  }

  private static List<String> types(TestSocket socket) {
    return platform
        .database()
        .fetch("select type from events where session_id = ?::uuid order by seq", socket.session())
        .getValues("type", String.class);
  }

  private static List<JsonNode> payloads(TestSocket socket, String type) {
    return platform
        .database()
        .fetch(
            """
            select payload::text as payload from events
            where session_id = ?::uuid and type = ? order by seq
            """,
            socket.session(),
            type)
        .getValues("payload", String.class)
        .stream()
        .map(ProtocolJson.mapper()::readTree)
        .toList();
  }

  private static OffsetDateTime at(TestSocket socket, String type) {
    return platform
        .database()
        .fetchSingle(
            "select min(at) as at from events where session_id = ?::uuid and type = ?",
            socket.session(),
            type)
        .get("at", OffsetDateTime.class);
  }
}
