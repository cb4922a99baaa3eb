package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.Machine.run;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

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
          "bash echo second > notes.txt; touch changed; python3 -c \"import time; time.sleep(3)\"\n"
              + "bash cat notes.txt\nsay {{result}}");
      socket.await(frame -> frame.path("type").asString("").equals("assistant"));
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
      assertThat(transcriptSays(socket, "The machine that held this workspace was lost")).isTrue();
    }
  }

  /** The container and everything that the host has of the session. */
  private static void loseTheHost(TestSocket socket) {
    var folder =
        platform
            .home()
            .data("sandboxes")
            .resolve("host-1")
            .resolve(sandbox(socket))
            .resolve("workspace");
    docker("kill", "berth-" + socket.session());
    run("rm", "-rf", folder.toString());
    eventually(
        "the sandbox is gone",
        Duration.ofSeconds(30),
        () -> docker("ps", "-aq", "--filter", "name=berth-" + socket.session()).isEmpty());
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

  /** What the agent keeps of the conversation, as it lies in object storage. */
  private static boolean transcriptSays(TestSocket socket, String text) {
    var stored = platform.home().data("s3").resolve("berth").resolve("transcripts");
    return !run(
            "sh",
            "-c",
            "grep -rlF \"$1\" \"$2\" | grep -F \"$3\" || true",
            "grep",
            text,
            stored.toString(),
            socket.session())
        .isEmpty();
  }
}
