package dev.berth.standalone.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Temporal's development server: the server, its UI and SQLite in one process, started by {@code
 * temporal server start-dev}. For machines that cannot build the production server.
 */
final class DevelopmentTemporal {
  /** Its HTTP API and its metrics; it takes the ports of its inner services itself. */
  private static final int INNER_PORTS = 2;

  private DevelopmentTemporal() {}

  static TemporalServer start(BerthHome home, Ports ports, int port, int uiPort) {
    var folder = home.data("temporal-dev");
    var database = prepare(folder);
    var inner = ports.kept(folder.resolve("ports"), INNER_PORTS);
    var command = command(port, uiPort, inner.get(0), inner.get(1), database);
    return new TemporalServer(
        List.of(ChildProcess.start(home, "temporal", command, Map.of())), port, uiPort);
  }

  /** Notes that the server's file is whole, because a server answers on it. */
  static void confirm(BerthHome home) {
    BerthHome.writePrivate(confirmation(home.data("temporal-dev")), "");
  }

  /**
   * The server's file, whole or not there: the server makes its tables only in a file that it makes
   * itself, so that one that was cut off in it would never start again.
   */
  static Path prepare(Path folder) {
    var database = folder.resolve("temporal.db");
    if (!Files.exists(confirmation(folder))) {
      discard(database);
    }
    return database;
  }

  static List<String> command(int port, int uiPort, int httpPort, int metricsPort, Path database) {
    var command =
        new ArrayList<>(
            List.of(
                "temporal",
                "server",
                "start-dev",
                "--ip",
                "127.0.0.1",
                "--port",
                String.valueOf(port),
                "--ui-port",
                String.valueOf(uiPort),
                "--http-port",
                String.valueOf(httpPort),
                "--metrics-port",
                String.valueOf(metricsPort),
                "--db-filename",
                database.toString()));
    for (var setting : TemporalConfig.DYNAMIC) {
      command.add("--dynamic-config-value");
      command.add(setting.getKey() + "=" + setting.getValue());
    }
    return command;
  }

  private static Path confirmation(Path folder) {
    return folder.resolve("temporal.db.whole");
  }

  /** With what SQLite keeps beside its file. */
  private static void discard(Path database) {
    try {
      for (var suffix : List.of("", "-wal", "-shm", "-journal")) {
        Files.deleteIfExists(Path.of(database + suffix));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
