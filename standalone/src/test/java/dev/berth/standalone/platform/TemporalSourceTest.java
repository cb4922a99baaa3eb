package dev.berth.standalone.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporalSourceTest {
  private static final Version GO = TemporalSource.GO;
  private static final Version SERVER = TemporalSource.DEVELOPMENT_SERVER;
  private static final Version OLD = new Version(1, 25);

  @Test
  void aNamedServerGoesBeforeAllOthers() {
    assertThat(
            TemporalSource.choose(new TemporalFound("there:7233", "http://ui", true, GO, SERVER)))
        .isEqualTo(new TemporalSource.Elsewhere("there:7233", "http://ui"));
  }

  @Test
  void theProductionServerGoesBeforeTheDevelopmentServer() {
    assertThat(found(true, null, SERVER)).isEqualTo(new TemporalSource.Built());
    assertThat(found(false, GO, SERVER)).isEqualTo(new TemporalSource.ToBuild(GO));
  }

  @Test
  void theDevelopmentServerIsTakenWhenGoIsMissingOrTooOld() {
    assertThat(found(false, null, SERVER)).isEqualTo(new TemporalSource.Development(SERVER));
    assertThat(found(false, OLD, SERVER)).isEqualTo(new TemporalSource.Development(SERVER));
  }

  @Test
  void whatIsThereButTooOldIsNamed() {
    assertThat(found(false, null, null))
        .isEqualTo(new TemporalSource.Nowhere("Go: not found; temporal: not found"));
    assertThat(found(false, OLD, new Version(1, 28)))
        .isEqualTo(
            new TemporalSource.Nowhere("Go: 1.25, too old; temporal: its server is 1.28, too old"));
  }

  @Test
  void theRemedyNamesAllThreeWays() {
    assertThat(TemporalSource.REMEDY).contains("Go 1.26", "TEMPORAL_ADDRESS", "`temporal`", "1.29");
  }

  @Test
  void aBlankAddressIsNone(@TempDir Path folder) {
    var home = BerthHome.at(folder, folder);

    assertThat(TemporalFound.look(home, Map.of("TEMPORAL_ADDRESS", " ")).address()).isNull();
    assertThat(TemporalSource.of(home, Map.of("TEMPORAL_ADDRESS", "there:7233")))
        .isEqualTo(new TemporalSource.Elsewhere("there:7233", "http://127.0.0.1:8233"));
  }

  private static TemporalSource found(
      boolean built, @Nullable Version go, @Nullable Version developmentServer) {
    return TemporalSource.choose(
        new TemporalFound(null, "http://ui", built, go, developmentServer));
  }
}
