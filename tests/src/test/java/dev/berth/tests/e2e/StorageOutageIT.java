package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An object storage that stands still while turns run and sandboxes are lost. */
@Tag("e2e")
@Timeout(300)
class StorageOutageIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.split("storage", 1, 1);
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void c1ATurnOutlivesAnOutageOfObjectStorageInWhichItsSandboxIsLost() {
    try (var socket = platform.socket("olga").init(allowAll())) {
      // Whether the transcript has the second call yet is a race; if not, the model asks again.
      socket.user(
          """
          bash echo x >> count
          bash [ -e begun ] || { touch begun; python3 -c "import time; time.sleep(120)"; }
          say back
          """);
      eventually(
          "both tools run",
          Duration.ofSeconds(60),
          () ->
              platform.events("type = 'tool.started'", socket.session()) == 2
                  && files(socket.session()).contains("begun"));
      signal("STOP", "s3");
      try {
        docker("kill", "berth-" + socket.session());
        eventually(
            "the turn waits and says for what",
            Duration.ofMinutes(2),
            () ->
                platform.events(
                        "type = 'session.status' and payload->>'reason' = 'object_storage'",
                        socket.session())
                    == 1);
      } finally {
        signal("CONT", "s3");
      }

      assertThat(socket.result().path("result").asString("")).isEqualTo("back");
      assertThat(
              socket.turn("bash wc -l < count\nsay counted {{result}}").path("result").asString(""))
          .contains("counted 1");
      assertThat(platform.events("type = 'tool.outcome_unknown'", socket.session())).isEqualTo(1);
    }
  }

  private static String files(String session) {
    return docker("exec", "--user", "10002", "berth-" + session, "ls", "/workspace/project");
  }

  private static void signal(String signal, String process) {
    var pid = Objects.requireNonNull(platform.platform().processes().get(process));
    Machine.run("kill", "-" + signal, String.valueOf(pid));
  }
}
