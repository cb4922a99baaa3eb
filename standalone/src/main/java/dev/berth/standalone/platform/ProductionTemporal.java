package dev.berth.standalone.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The production Temporal server, on the PostgreSQL of the platform, and its UI. */
final class ProductionTemporal {
  private static final String DATABASE = "temporal";
  private static final String VISIBILITY = "temporal_visibility";

  private ProductionTemporal() {}

  /** The databases that it needs, beside Berth's own. */
  static List<String> databases() {
    return List.of(DATABASE, VISIBILITY);
  }

  static TemporalServer start(
      BerthHome home,
      TemporalBinaries binaries,
      Ports ports,
      int port,
      int uiPort,
      int postgresPort,
      String password) {
    var folder = home.data("temporal");
    schema(home, binaries, postgresPort, password, DATABASE, "postgresql/v12/temporal");
    schema(home, binaries, postgresPort, password, VISIBILITY, "postgresql/v12/visibility");
    var config =
        write(
            folder.resolve("server.yaml"),
            TemporalConfig.server(
                ports.kept(folder.resolve("ports"), TemporalConfig.INNER_PORTS),
                port,
                postgresPort,
                password,
                folder));
    write(folder.resolve("dynamic.yaml"), TemporalConfig.dynamic());
    var server =
        ChildProcess.start(
            home,
            "temporal",
            List.of(
                binaries.server().toString(),
                "--config-file",
                config.toString(),
                "--allow-no-auth",
                "start"),
            Map.of());
    write(folder.resolve("berth.yaml"), TemporalConfig.ui(port, uiPort));
    var ui =
        ChildProcess.start(
            home,
            "temporal-ui",
            List.of(
                binaries.ui().toString(),
                "--root",
                folder.toString(),
                "--config",
                ".",
                "--env",
                "berth",
                "start"),
            Map.of());
    return new TemporalServer(List.of(server, ui), port, uiPort);
  }

  /**
   * Sets a schema up, or brings it to the version of the binaries; does nothing when it is there.
   */
  private static void schema(
      BerthHome home,
      TemporalBinaries binaries,
      int postgresPort,
      String password,
      String database,
      String schema) {
    var marker = home.data("temporal").resolve(database + ".schema");
    var version = String.valueOf(binaries.sqlTool().toFile().length());
    if (version.equals(read(marker))) {
      return;
    }
    if (read(marker).isEmpty()) {
      tool(home, binaries, postgresPort, password, database, List.of("setup-schema", "-v", "0.0"));
    }
    tool(
        home,
        binaries,
        postgresPort,
        password,
        database,
        List.of("update-schema", "--schema-name", schema));
    write(marker, version);
  }

  private static void tool(
      BerthHome home,
      TemporalBinaries binaries,
      int postgresPort,
      String password,
      String database,
      List<String> arguments) {
    var command =
        new ArrayList<>(
            List.of(
                binaries.sqlTool().toString(),
                "--plugin",
                "postgres12_pgx",
                "--ep",
                "127.0.0.1",
                "-p",
                String.valueOf(postgresPort),
                "--db",
                database));
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.log("temporal-schema").toFile()));
    // In the environment, because a command line can be read by everybody.
    builder.environment().put("SQL_USER", DATABASE);
    builder.environment().put("SQL_PASSWORD", password);
    try {
      if (builder.start().waitFor() != 0) {
        throw new StartFailure(
            "The schema of %s cannot be set up.".formatted(database),
            "Look at %s.".formatted(home.log("temporal-schema")));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static Path write(Path file, String content) {
    BerthHome.writePrivate(file, content);
    return file;
  }
}
