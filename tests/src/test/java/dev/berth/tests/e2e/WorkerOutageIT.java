package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.eventually;
import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The only worker is stopped for longer than anybody waits for a host that has company. */
@Tag("e2e")
@Timeout(360)
class WorkerOutageIT {
  /**
   * Temporal hands the turn to polls that the worker left open, one after the other, as long as
   * they are: for a minute. Then come the turn's heartbeat and the wait for its host.
   */
  static final Duration OUTAGE = Duration.ofSeconds(110);

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.split("outage", 1, 1);
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void b4TheTurnGoesOnInItsSandboxAndIsTakenHoldOfAgain() throws InterruptedException {
    try (var socket = platform.socket("otto").init(allowAll())) {
      socket.user(
          """
          bash echo begun >> effects; python3 -c "import time; time.sleep(20)"; echo ended >> effects
          bash cat effects
          say read {{result}}
          """);
      eventually(
          "the call runs",
          Duration.ofSeconds(60),
          () -> platform.events("type = 'tool.started'", socket.session()) == 1);
      platform.stopWorkerFor(OUTAGE);

      assertThat(socket.result().path("result").asString("")).contains("begun", "ended");
      assertThat(platform.events("type = 'sandbox.started'", socket.session())).isEqualTo(1);
      assertThat(platform.events("type = 'tool.outcome_unknown'", socket.session())).isZero();
      assertThat(platform.events("type = 'session.rescheduled'", socket.session())).isZero();
    }
  }
}
