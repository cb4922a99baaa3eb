package dev.berth.standalone.platform;

import java.nio.file.Files;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where restic comes from, which keeps workspaces in object storage: the one that was built, else
 * one that is installed. Without it a workspace is on its host only.
 */
public sealed interface ResticSource {
  /** The first that has {@code --skip-if-unchanged} and exit codes of its own for a lock. */
  Version OLDEST = new Version(0, 17);

  /** What to do when there is none. */
  String REMEDY =
      "install Go %s or newer (https://go.dev/dl), and restic is built, or put restic %s or newer on the PATH (https://restic.net)"
          .formatted(TemporalSource.GO, OLDEST);

  /** The one of {@code tools/restic}. */
  record Built() implements ResticSource {}

  /** The one of {@code tools/restic}, which set-up builds. */
  record ToBuild(Version go) implements ResticSource {}

  /** One on the PATH. */
  record Installed(Version version) implements ResticSource {}

  /** There is none. */
  record Nowhere(String detail) implements ResticSource {}

  /** The source for a platform in this home. */
  static ResticSource of(BerthHome home) {
    return Files.isExecutable(home.restic())
        ? new Built()
        : choose(
            Version.in(Shell.firstLine("go", "version")),
            Version.in(Shell.firstLine("restic", "version")));
  }

  /** The source when it has not been built. */
  static ResticSource choose(@Nullable Version go, @Nullable Version installed) {
    if (go != null && go.isAtLeast(TemporalSource.GO)) {
      return new ToBuild(go);
    }
    if (installed != null && installed.isAtLeast(OLDEST)) {
      return new Installed(installed);
    }
    return new Nowhere("Go: %s; restic: %s".formatted(state(go), state(installed)));
  }

  /** The settings of a worker by which it finds it. */
  default Map<String, String> settings(BerthHome home) {
    return switch (this) {
      case Built(), ToBuild(_) ->
          Map.of("WORKSPACE_SNAPSHOTS", "true", "RESTIC", home.restic().toString());
      case Installed(_) -> Map.of("WORKSPACE_SNAPSHOTS", "true", "RESTIC", "restic");
      case Nowhere(_) -> Map.of("WORKSPACE_SNAPSHOTS", "false");
    };
  }

  private static String state(@Nullable Version version) {
    return version == null ? "not found" : version + ", too old";
  }
}
