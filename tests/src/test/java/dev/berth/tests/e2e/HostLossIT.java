package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.Machine.run;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * A host is lost. Two workers with host ids of their own stand for two hosts, on one machine: one
 * is killed for good, and its containers and files with it.
 */
@Tag("e2e")
@Timeout(600)
class HostLossIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    // Turns are made safe while they run, soon enough for a test.
    platform = TestPlatform.split("hostloss", 1, 2, Map.of("SESSION_FIRST_SNAPSHOT", "3s"));
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void a20SessionsGoOnUnderTheOtherHostWithWhatTheLostOneHadAcknowledged() {
    try (var busy = platform.socket("bo").init(allowAll().put("after_seq", 0))) {
      busy.turn("write first.txt <<END\nfirst\nEND\nsay written");
      var idle = onTheHostOf(busy);
      idle.turn("write notes.txt <<END\nkept far away\nEND\nsay written");
      awaitSafe(idle, "turn.completed");
      busy.user(
          """
          bash echo second > second.txt
          bash python3 -c "import time; time.sleep(200)"; echo never > third.txt
          bash cat first.txt second.txt; ls
          say {{result}}
          """);
      eventually(
          "the turn is in its second call",
          Duration.ofSeconds(60),
          () -> count(busy, "tool.started") == 3);
      awaitSafe(busy, "tool.started");

      lose(host(idle), idle, busy);
      var place = latestSafe(busy);
      idle.user("bash cat notes.txt\nsay {{result}}");

      // Hosts are given 20 s to answer, for the turn and perhaps for a start; machines are slow.
      eventually(
          "both turns have ended",
          Duration.ofSeconds(200),
          () -> count(idle, "turn.completed") == 3 && count(busy, "turn.completed") == 2);
      assertThat(idle.result().path("result").asString("")).contains("kept far away");
      assertThat(busy.result().path("result").asString(""))
          .contains("first")
          .contains("second")
          .doesNotContain("third.txt");

      var ofIdle = event(idle, "session.host_lost");
      assertThat(ofIdle.path("transcript_seq").asLong()).isPositive();
      assertThat(ofIdle.path("transcript_at").asString("")).isNotEmpty();
      assertThat(ofIdle.path("workspace_seq").asLong()).isPositive();
      assertThat(count(idle, "workspace.rolled_back")).isZero();
      var ofBusy = event(busy, "session.host_lost");
      assertThat(ofBusy.path("transcript_seq").asLong()).isPositive();
      assertThat(ofBusy.path("workspace_seq").asLong()).isEqualTo(place);
      var rolledBack = event(busy, "workspace.rolled_back");
      assertThat(rolledBack.path("snapshot_seq").asLong()).isEqualTo(place);
      assertThat(rolledBack.path("lost_turns").asInt()).isEqualTo(1);
      assertThat(count(busy, "tool.outcome_unknown")).isEqualTo(1);
    }
  }

  /** Sessions go where there is most room: one of the next ones comes to the other's host. */
  private static TestSocket onTheHostOf(TestSocket other) {
    for (var attempt = 0; attempt < 6; attempt++) {
      var socket = platform.socket("ida").init(allowAll().put("after_seq", 0));
      socket.turn("say hello");
      if (host(socket).equals(host(other))) {
        return socket;
      }
    }
    throw new AssertionError("no session came to " + host(other));
  }

  /** The worker, its containers and everything that it had on disk. */
  private static void lose(String host, TestSocket... sessions) {
    platform.platform().lose("worker-" + host.substring("host-".length()));
    for (var session : sessions) {
      docker("rm", "-f", "berth-" + session.session());
    }
    run("rm", "-rf", platform.home().data("sandboxes").resolve(host).toString());
  }

  /** Waits until the files are safe as of the latest event of that type or later. */
  private static void awaitSafe(TestSocket socket, String type) {
    eventually(
        "the files are safe",
        Duration.ofSeconds(90),
        () -> latestSafe(socket) >= latest(socket, type));
  }

  /** The place in the log to which the latest files belong that are safe; 0 for none. */
  private static long latestSafe(TestSocket socket) {
    return number(
        "select coalesce(max(seq), 0) as n from workspace_snapshots where session_id = ?::uuid",
        socket.session());
  }

  private static long latest(TestSocket socket, String type) {
    return number(
        "select coalesce(max(seq), 0) as n from events where session_id = ?::uuid and type = ?",
        socket.session(),
        type);
  }

  private static long number(String question, Object... bindings) {
    return platform.database().fetchSingle(question, bindings).get("n", long.class);
  }

  private static String host(TestSocket socket) {
    return platform
        .database()
        .fetchSingle(
            "select host_id from sandboxes where session_id = ?::uuid order by epoch desc limit 1",
            socket.session())
        .get("host_id", String.class);
  }

  private static JsonNode event(TestSocket socket, String type) {
    return ProtocolJson.mapper()
        .readTree(
            platform
                .database()
                .fetchSingle(
                    "select payload::text as payload from events where session_id = ?::uuid and type = ?",
                    socket.session(),
                    type)
                .get("payload", String.class));
  }

  private static long count(TestSocket socket, String type) {
    return number(
        "select count(*) as n from events where session_id = ?::uuid and type = ?",
        socket.session(),
        type);
  }
}
