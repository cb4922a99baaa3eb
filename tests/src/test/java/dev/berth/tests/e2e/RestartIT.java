package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import dev.berth.standalone.platform.Platform;
import dev.berth.standalone.platform.PlatformOptions;
import dev.berth.standalone.platform.StartFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A platform that ends and comes back, sessions that sleep, and two platforms on one machine. */
@Tag("e2e")
@Timeout(240)
class RestartIT {
  @Test
  void aSessionGoesOnAfterDownAndUpOnASandboxThatNeverSawIt() {
    var platform = TestPlatform.start("restart");
    String session;
    try (var socket = platform.socket("rita").init(allowAll())) {
      session = socket.session();
      socket.turn("Remember the number 4730");
      socket.turn("write notes.txt <<END\nkept on disk\nEND\nsay written");
    }
    platform.stop();
    assertThat(sandboxes(platform)).isEmpty();

    var again = TestPlatform.again(platform.home(), Map.of());
    try (again;
        var socket = again.socket("rita").init(allowAll().put("sessionId", session))) {
      assertThat(socket.turn("Which number did I ask you to remember?").path("result").asString(""))
          .contains("4730");
      assertThat(socket.turn("bash cat notes.txt\nsay {{result}}").path("result").asString(""))
          .contains("kept on disk");
    }
  }

  @Test
  void anIdleSessionLosesItsSandboxAndTheNextMessageBringsANewOne() {
    try (var platform = TestPlatform.start("idle", Map.of("session.idle", "3s"))) {
      var socket = platform.socket("ida").init(allowAll());
      socket.turn("Remember the number 4731");
      eventually(
          "the sandbox is gone",
          Duration.ofSeconds(30),
          () -> docker("ps", "-aq", "--filter", "name=berth-" + socket.session()).isEmpty());

      assertThat(socket.turn("Which number did I ask you to remember?").path("result").asString(""))
          .contains("4731");
      assertThat(
              platform
                  .database()
                  .fetch(
                      "select end_reason from sandboxes where session_id = ?::uuid order by epoch",
                      socket.session())
                  .getValues("end_reason", String.class))
          .first()
          .isEqualTo("idle");
      socket.close();
    }
  }

  @Test
  void aSecondPlatformInTheSameHomeIsToldWhereTheFirstIs() {
    try (var platform = TestPlatform.start("twice")) {
      var options =
          new PlatformOptions(Map.of(), 0, 0, System.getProperty("berth.sandbox-image"), Map.of());

      assertThatThrownBy(() -> Platform.start(platform.home(), options, Map.of()))
          .isInstanceOf(StartFailure.class)
          .hasMessageContaining(platform.connection().apiUrl())
          .hasMessageContaining("pid " + platform.connection().pid());
    }
  }

  /** Applications that start at once and set the log up both break it for whoever comes later. */
  @Test
  void aStartLeavesTheLogOfItsProcessAsItIs() {
    var before = appenders();

    try (var _ = TestPlatform.start("log")) {
      assertThat(before).isNotEmpty();
      assertThat(appenders()).isEqualTo(before);
    }
  }

  private static List<Appender<ILoggingEvent>> appenders() {
    var log = (LoggerContext) LoggerFactory.getILoggerFactory();
    var appenders = new ArrayList<Appender<ILoggingEvent>>();
    log.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().forEachRemaining(appenders::add);
    return appenders;
  }

  @Test
  void twoInstallationsLeaveEachOthersSandboxesAlone() {
    try (var one = TestPlatform.start("one");
        var other = TestPlatform.start("other")) {
      var first = one.socket("ana").init(allowAll());
      first.turn("say hello");
      var second = other.socket("bob").init(allowAll());
      second.turn("say hello");

      other.stop();

      assertThat(docker("ps", "-q", "--filter", "name=berth-" + first.session())).isNotEmpty();
      assertThat(docker("ps", "-aq", "--filter", "name=berth-" + second.session())).isEmpty();
      assertThat(first.turn("say still here").path("result").asString("")).isEqualTo("still here");
      first.close();
    }
  }

  @Test
  void anOrphanedSandboxOfThisInstallationIsRemovedAtTheStart() {
    var platform = TestPlatform.start("orphan");
    platform.stop();
    docker(
        "run",
        "-d",
        "--network",
        "none",
        "--label",
        "berth.installation=" + platform.home().installation(),
        "--label",
        "berth.host=host-1",
        "--label",
        "berth.sandbox=sb-00000000deadbeef",
        "--entrypoint",
        "sleep",
        System.getProperty("berth.sandbox-image"),
        "600");
    assertThat(sandboxes(platform)).isNotEmpty();

    try (var again = TestPlatform.again(platform.home(), Map.of())) {
      eventually("the orphan is gone", Duration.ofSeconds(20), () -> sandboxes(again).isEmpty());
    }
  }

  private static String sandboxes(TestPlatform platform) {
    return docker(
        "ps", "-aq", "--filter", "label=berth.installation=" + platform.home().installation());
  }
}
