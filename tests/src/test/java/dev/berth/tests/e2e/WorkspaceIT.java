package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.Machine.run;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jooq.Record;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files outlive the host that they were made on; where they do not, log and model are told. */
@Tag("e2e")
@Timeout(240)
class WorkspaceIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.start("workspace");
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void aFileOutlivesItsContainerAndItsHost() {
    try (var socket = platform.socket("wilma").init(allowAll())) {
      socket.turn(
          "write notes.txt <<END\nkept far away\nEND\nbash chmod 751 notes.txt\nsay written");
      var sandbox = sandbox(socket);
      awaitSafe(socket);
      loseTheHost(socket);

      var result = socket.turn("bash cat notes.txt; stat -c %a/%u notes.txt\nsay {{result}}");

      assertThat(result.path("result").asString(""))
          .contains("kept far away")
          .contains("751/10002");
      assertThat(sandbox(socket)).isNotEqualTo(sandbox);
      assertThat(rolledBack(socket)).isZero();
    }
  }

  @Test
  void aTurnThatChangedNothingKeepsTheSnapshotOfTheOneBefore() {
    try (var socket = platform.socket("vera").init(allowAll())) {
      socket.turn("write notes.txt <<END\nonce\nEND\nsay written");
      var first = awaitSafe(socket);
      socket.turn("bash cat notes.txt\nsay read");
      var second = awaitSafe(socket);

      assertThat(first.get("quiesced", boolean.class)).isTrue();
      assertThat(first.get("verified", boolean.class)).isTrue();
      assertThat(second.get("snapshot_id")).isEqualTo(first.get("snapshot_id"));
      loseTheHost(socket);
      assertThat(socket.turn("bash cat notes.txt\nsay {{result}}").path("result").asString(""))
          .contains("once");
      assertThat(rolledBack(socket)).isZero();
    }
  }

  @Test
  void aSessionWithoutFilesCostsNoSnapshot() {
    try (var socket = platform.socket("tom").init(allowAll())) {
      socket.turn("say hello");

      assertThat(awaitSafe(socket).get("snapshot_id")).isNull();
    }
  }

  @Test
  void filesThatAreOlderThanTheTranscriptAreToldToLogAndModel() {
    try (var socket = platform.socket("rolf").init(allowAll())) {
      socket.turn("write notes.txt <<END\nfirst\nEND\nsay written");
      awaitSafe(socket);
      // The turn ends with its host: its files are nowhere else.
      socket.user(
          "bash echo second > notes.txt; touch changed; python3 -c \"import time; time.sleep(30)\"\n"
              + "bash cat notes.txt\nsay {{result}}");
      eventually(
          "the files are changed",
          Duration.ofSeconds(60),
          () -> Files.exists(workspace(socket).resolve("project").resolve("changed")));
      platform.awaitCallInTranscript(socket.session());
      loseTheHost(socket);

      socket.result();
      socket.turn("say still here");

      var told =
          platform
              .database()
              .fetchSingle(
                  "select payload ->> 'lost_turns' as lost, payload ->> 'snapshot_turn_id' as turn"
                      + " from events where session_id = ?::uuid and type = 'workspace.rolled_back'",
                  socket.session());
      assertThat(told.get("lost", int.class)).isEqualTo(1);
      assertThat(told.get("turn", String.class)).isNotNull();
      platform.awaitInTranscript(socket.session(), "The machine that held this workspace was lost");
    }
  }

  /**
   * Everything that the host has of the session, and the container: a turn is taken up as soon as
   * that is killed, and must not find the files.
   */
  private static void loseTheHost(TestSocket socket) {
    var container = docker("inspect", "-f", "{{.Id}}", "berth-" + socket.session());
    run("rm", "-rf", workspace(socket).toString());
    docker("kill", container);
    eventually(
        "the sandbox is gone",
        Duration.ofSeconds(30),
        () -> !docker("ps", "-a", "-q", "--no-trunc").contains(container));
  }

  private static Path workspace(TestSocket socket) {
    return platform
        .home()
        .data("sandboxes")
        .resolve("host-1")
        .resolve(sandbox(socket))
        .resolve("workspace");
  }

  /** Waits until the files of the latest turn are safe. */
  private static Record awaitSafe(TestSocket socket) {
    var question =
        """
        select s.* from workspace_snapshots s where session_id = ?::uuid and turn_id =
          (select turn_id from events e where e.session_id = s.session_id and type = 'turn.completed'
           order by seq desc limit 1)\
        """;
    eventually(
        "the files are safe",
        Duration.ofSeconds(60),
        () -> platform.database().fetchOptional(question, socket.session()).isPresent());
    return platform.database().fetchSingle(question, socket.session());
  }

  private static int rolledBack(TestSocket socket) {
    return platform
        .database()
        .fetchSingle(
            "select count(*) as n from events where session_id = ?::uuid and type = ?",
            socket.session(),
            "workspace.rolled_back")
        .get("n", int.class);
  }

  private static String sandbox(TestSocket socket) {
    return platform
        .database()
        .fetchSingle(
            "select sandbox_id from sandboxes where session_id = ?::uuid order by epoch desc limit 1",
            socket.session())
        .get("sandbox_id", String.class);
  }
}
