package dev.berth.standalone.platform;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What there is on a machine to have a Temporal server from.
 *
 * @param address of a server that runs elsewhere, or null
 * @param uiUrl where the UI of that server is
 * @param built whether the production server has been built
 * @param go the version of Go, or null when there is none
 * @param developmentServer the version of the server in {@code temporal} on the PATH, or null when
 *     there is none
 */
record TemporalFound(
    @Nullable String address,
    String uiUrl,
    boolean built,
    @Nullable Version go,
    @Nullable Version developmentServer) {

  /** Looks; asks no program when a server is known without. */
  static TemporalFound look(BerthHome home, Map<String, String> environment) {
    var named = environment.get("TEMPORAL_ADDRESS");
    var address = named == null || named.isBlank() ? null : named;
    var built = TemporalBinaries.in(home.cache().resolve("temporal")).exist();
    var asks = address == null && !built;
    return new TemporalFound(
        address,
        environment.getOrDefault("TEMPORAL_UI_URL", "http://127.0.0.1:8233"),
        built,
        asks ? Version.in(Shell.firstLine("go", "version")) : null,
        asks ? serverIn(Shell.firstLine("temporal", "--version")) : null);
  }

  /**
   * The server's version in what {@code temporal --version} says: {@code temporal version 1.5.1
   * (Server 1.29.1, UI 2.42.1)}. That of the command line itself is not set in every build.
   */
  static @Nullable Version serverIn(@Nullable String line) {
    var server = line == null ? -1 : line.indexOf("(Server ");
    return line == null || server < 0 ? null : Version.in(line.substring(server));
  }
}
