package dev.berth.standalone.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevelopmentTemporalTest {
  @Test
  void hasItsOwnFileTheGivenPortsAndTheSettingsOfTheProductionServer() {
    assertThat(DevelopmentTemporal.command(1, 2, 3, 4, Path.of("/data/temporal.db")))
        .containsSequence("temporal", "server", "start-dev")
        .containsSequence("--ip", "127.0.0.1")
        .containsSequence("--port", "1")
        .containsSequence("--ui-port", "2")
        .containsSequence("--http-port", "3")
        .containsSequence("--metrics-port", "4")
        .containsSequence("--db-filename", "/data/temporal.db")
        .containsSequence("--dynamic-config-value", "matching.enableFairness=true")
        .containsSequence("--dynamic-config-value", "history.transferProcessorMaxPollRPS=100");
    assertThat(TemporalConfig.dynamic())
        .isEqualTo(
            """
            matching.enableFairness: [{value: true}]
            history.transferProcessorMaxPollRPS: [{value: 100}]
            history.maxInFlightUpdates: [{value: 100}]
            history.maxTotalUpdates: [{value: 20000}]
            """);
  }

  @Test
  void aFileWhoseMakingWasCutOffIsMadeAnew(@TempDir Path root) throws IOException {
    var folder = BerthHome.at(root, root).data("temporal-dev");
    Files.writeString(folder.resolve("temporal.db"), "half");
    Files.writeString(folder.resolve("temporal.db-journal"), "half");

    assertThat(DevelopmentTemporal.prepare(folder)).doesNotExist();
    assertThat(folder.resolve("temporal.db-journal")).doesNotExist();
  }

  @Test
  void aFileThatAServerAnsweredOnIsKept(@TempDir Path root) throws IOException {
    var home = BerthHome.at(root, root);
    var folder = home.data("temporal-dev");
    Files.writeString(folder.resolve("temporal.db"), "whole");

    DevelopmentTemporal.confirm(home);

    assertThat(DevelopmentTemporal.prepare(folder)).hasContent("whole");
  }
}
