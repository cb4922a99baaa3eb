package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host on which things go wrong: small sandboxes, a small disk, an engine that can be lost, an
 * image that can be. Each turn ends with a reason, and the session works when the trouble is over.
 */
@Tag("e2e")
@Timeout(360)
class SandboxTroubleIT {
  private static final String IMAGE = "berth-test:trouble";

  @TempDir private static Path folder;
  private static UnixForwarder engine;
  private static Path disk;
  private static TestPlatform platform;

  @BeforeAll
  static void start() throws IOException {
    engine = new UnixForwarder(folder.resolve("docker.sock"), Path.of("/var/run/docker.sock"));
    engine.start();
    disk = Files.createDirectory(folder.resolve("disk"));
    Machine.run("mount", "-t", "tmpfs", "-o", "size=220m", "berth-test", disk.toString());
    goodImage();
    platform =
        TestPlatform.start(
            "trouble",
            Map.of(
                "SANDBOX_IMAGE",
                IMAGE,
                "SANDBOX_TIER",
                "lite",
                "SANDBOX_DIRECTORY",
                disk.toString(),
                "sandbox.disk-floor",
                "100MB",
                "sandbox.start-timeout",
                "10s",
                "DOCKER_HOST",
                "unix://" + folder.resolve("docker.sock")));
  }

  @AfterAll
  static void stop() {
    if (platform != null) {
      platform.close();
    }
    engine.close();
    docker("rmi", "-f", IMAGE);
    Machine.run("umount", "-l", disk.toString());
  }

  @Test
  void a18AMissingImageFailsTheTurnByName() {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      docker("kill", "berth-" + socket.session());
      docker("rmi", "-f", IMAGE);
      try {
        var result = socket.turn("say never");

        assertThat(result.path("errors").toString()).contains(IMAGE).contains("is not on host");
        assertThat(stopReason(socket.session())).isEqualTo("sandbox_failed");
      } finally {
        goodImage();
      }
      assertThat(socket.turn("say after").path("result").asString("")).isEqualTo("after");
    }
  }

  @Test
  void aSandboxThatDiesAtItsStartFailsTheTurnWithWhatItSaid() throws IOException {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      docker("kill", "berth-" + socket.session());
      brokenImage();
      try {
        socket.user("say never");
        awaitFailed(socket);

        assertThat(socket.result().path("errors").toString()).contains("ended while it started");
        assertThat(stopReason(socket.session())).isEqualTo("sandbox_failed");
      } finally {
        goodImage();
      }
      assertThat(socket.turn("say after").path("result").asString("")).isEqualTo("after");
    }
  }

  @Test
  void a12AnAgentThatUsesUpItsMemoryAtEachStartEndsTheTurnAndTheSessionGoesOn() throws IOException {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      docker("kill", "berth-" + socket.session());
      AgentImage.with("#!/usr/bin/python3\nb'x' * (8 << 30)\n", IMAGE, folder);
      try {
        socket.user("say never");
        awaitFailed(socket);

        assertThat(socket.result().path("errors").toString()).contains("lost its sandbox 5 times");
        assertThat(stopReason(socket.session())).isEqualTo("retries_exhausted");
        assertThat(lastEnd(socket.session())).isEqualTo("oom_killed");
      } finally {
        goodImage();
      }
      assertThat(socket.turn("say after").path("result").asString("")).isEqualTo("after");
    }
  }

  @Test
  void aTurnWaitsForAnEngineThatIsGoneAndSaysSo() {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      docker("kill", "berth-" + socket.session());
      eventually(
          "the end is noticed",
          Duration.ofSeconds(10),
          () -> count("sandbox.ended", socket.session()) == 1);
      engine.stop();
      try {
        socket.user("say after");
        eventually(
            "it waits",
            Duration.ofSeconds(60),
            () -> waitsFor("container_engine", socket.session()));
      } finally {
        engine.start();
      }
      assertThat(socket.result().path("result").asString("")).isEqualTo("after");
      assertThat(count("turn.failed", socket.session())).isZero();
    }
  }

  @Test
  void aLivingSandboxDoesNotMindThatTheEngineIsGone() {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");
      engine.stop();
      try {
        assertThat(socket.turn("say meanwhile").path("result").asString("")).isEqualTo("meanwhile");
      } finally {
        engine.start();
      }
    }
  }

  @Test
  void aToolThatEatsAllMemoryIsKilledAndTheTurnEnds() {
    try (var socket = platform.socket("tom").init(allowAll())) {
      var result =
          socket.turn(
              """
              bash python3 -c "x = bytearray(3 << 30); print(len(x))"
              say survived
              """);

      assertThat(result.path("type").asString("")).isEqualTo("result");
      assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  @Test
  void a17AFullDiskEndsTheTurnWithItsReasonAndTheSessionGoesOnWhenThereIsRoom() throws IOException {
    try (var socket = platform.socket("tom").init(allowAll())) {
      assertThat(socket.turn("say before").path("result").asString("")).isEqualTo("before");

      var result =
          socket.turn(
              """
              bash head -c 400M /dev/zero > filler; python3 -c "import time; time.sleep(20)"
              say never
              """);

      assertThat(result.path("errors").toString()).contains("MiB of disk left");
      assertThat(stopReason(socket.session())).isEqualTo("disk_full");
      Machine.run("find", disk.toString(), "-name", "filler", "-delete");
      assertThat(socket.turn("say after").path("result").asString("")).isEqualTo("after");
    }
  }

  /** A turn is given up after several starts, each of which may take long. */
  private static void awaitFailed(TestSocket socket) {
    eventually(
        "the turn is given up",
        Duration.ofMinutes(3),
        () -> count("turn.failed", socket.session()) == 1);
  }

  private static void goodImage() {
    docker("tag", System.getProperty("berth.sandbox-image"), IMAGE);
  }

  private static void brokenImage() throws IOException {
    var context = Files.createTempDirectory(folder, "image");
    Files.writeString(
        context.resolve("Dockerfile"),
        "FROM %s%nENTRYPOINT [\"/bin/sh\", \"-c\", \"echo no luck >&2; exit 3\"]%n"
            .formatted(System.getProperty("berth.sandbox-image")));
    docker("build", "-q", "-t", IMAGE, context.toString());
  }

  private static String stopReason(String session) {
    return platform
        .database()
        .fetchSingle(
            """
            select payload->>'stop_reason' as reason from events
            where session_id = ?::uuid and type = 'turn.failed' order by seq desc limit 1
            """,
            session)
        .get("reason", String.class);
  }

  private static boolean waitsFor(String part, String session) {
    var row =
        platform
            .database()
            .fetchSingle("select status, reason from sessions where session_id = ?::uuid", session);
    return row.get("status", String.class).equals("rescheduling")
        && part.equals(row.get("reason", String.class));
  }

  private static String lastEnd(String session) {
    return platform
        .database()
        .fetchSingle(
            """
            select payload->>'reason' as reason from events
            where session_id = ?::uuid and type = 'sandbox.ended' order by seq desc limit 1
            """,
            session)
        .get("reason", String.class);
  }

  private static int count(String type, String session) {
    return platform
        .database()
        .fetchSingle(
            "select count(*) as n from events where session_id = ?::uuid and type = ?",
            session,
            type)
        .get("n", int.class);
  }
}
