package dev.berth.standalone.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResticSourceTest {
  private static final Version GO = TemporalSource.GO;
  private static final Version OLD_GO = new Version(1, 25);

  @Test
  void theOneThatWasBuiltIsTaken(@TempDir Path folder) throws Exception {
    var home = BerthHome.at(folder, folder);
    Files.createDirectories(home.restic().getParent());
    assertThat(Files.createFile(home.restic()).toFile().setExecutable(true)).isTrue();

    assertThat(ResticSource.of(home)).isEqualTo(new ResticSource.Built());
    assertThat(ResticSource.of(home).settings(home))
        .containsEntry("RESTIC", home.restic().toString());
  }

  @Test
  void anInstalledOneIsTakenWithoutGo() {
    assertThat(ResticSource.choose(GO, ResticSource.OLDEST))
        .isEqualTo(new ResticSource.ToBuild(GO));
    assertThat(ResticSource.choose(null, ResticSource.OLDEST))
        .isEqualTo(new ResticSource.Installed(ResticSource.OLDEST));
    assertThat(ResticSource.choose(OLD_GO, new Version(0, 18)))
        .isEqualTo(new ResticSource.Installed(new Version(0, 18)));
  }

  @Test
  void withoutAnyTheWorkerIsToldToTakeNoSnapshots(@TempDir Path folder) {
    var none = ResticSource.choose(OLD_GO, new Version(0, 14));

    assertThat(none)
        .isEqualTo(new ResticSource.Nowhere("Go: 1.25, too old; restic: 0.14, too old"));
    assertThat(none.settings(BerthHome.at(folder, folder)))
        .containsOnly(Map.entry("WORKSPACE_SNAPSHOTS", "false"));
  }
}
