package dev.berth.standalone.platform;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the Temporal server of a platform comes from: the one that is named, else the production
 * server, else the development server of Temporal's command line.
 */
public sealed interface TemporalSource {
  /** What {@code tools/temporal/go.mod} asks for. */
  Version GO = new Version(1, 26);

  /** The first server that knows fairness keys; the oldest that Berth was tried with. */
  Version DEVELOPMENT_SERVER = new Version(1, 29);

  /** What to do when there is none. */
  String REMEDY =
      """
      install Go %s or newer (https://go.dev/dl) to build the Temporal server; or set \
      TEMPORAL_ADDRESS to one that runs; or, only to try Berth out, put Temporal's command line \
      (`temporal`, server %s or newer, https://docs.temporal.io/cli) on the PATH: its development \
      server is taken then\
      """
          .formatted(GO, DEVELOPMENT_SERVER);

  /** A server that somebody else runs. */
  record Elsewhere(String address, String uiUrl) implements TemporalSource {}

  /** The production server, which has been built. */
  record Built() implements TemporalSource {}

  /** The production server, which set-up builds. */
  record ToBuild(Version go) implements TemporalSource {}

  /**
   * The development server, which keeps its state in a file.
   *
   * @param server its version
   */
  record Development(Version server) implements TemporalSource {}

  /** There is none. */
  record Nowhere(String detail) implements TemporalSource {}

  /** The source for a platform in this home. */
  static TemporalSource of(BerthHome home, Map<String, String> environment) {
    return choose(TemporalFound.look(home, environment));
  }

  static TemporalSource choose(TemporalFound found) {
    var address = found.address();
    if (address != null) {
      return new Elsewhere(address, found.uiUrl());
    }
    if (found.built()) {
      return new Built();
    }
    var go = found.go();
    if (go != null && go.isAtLeast(GO)) {
      return new ToBuild(go);
    }
    var server = found.developmentServer();
    if (server != null && server.isAtLeast(DEVELOPMENT_SERVER)) {
      return new Development(server);
    }
    return new Nowhere(
        "Go: %s; temporal: %s".formatted(state(go, ""), state(server, "its server is ")));
  }

  private static String state(@Nullable Version version, String prefix) {
    return version == null ? "not found" : prefix + version + ", too old";
  }
}
