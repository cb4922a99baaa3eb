package dev.berth.standalone.platform;

import dev.berth.db.DatabaseAddress;
import dev.berth.protocol.Secret;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded PostgreSQL, set to keep what it has confirmed. A server that outlived a killed
 * platform is ended before: started again beside it, one would talk to the old server with its old
 * settings.
 */
final class PostgresServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final int CONNECTIONS = 200;

  private static final Duration AGAIN = Duration.ofMillis(500);

  private final EmbeddedPostgres server;
  private final BerthHome home;
  private volatile boolean closing;

  private PostgresServer(EmbeddedPostgres server, BerthHome home) {
    this.server = server;
    this.home = home;
  }

  static PostgresServer start(BerthHome home, int port) {
    var data = home.data("postgres");
    try {
      var server =
          EmbeddedPostgres.builder()
              .setOverrideWorkingDirectory(home.cache().resolve("postgres").toFile())
              .setDataDirectory(data)
              .setCleanDataDirectory(false)
              // The platform ends its parts in their order.
              .setRegisterShutdownHook(false)
              .setPort(port)
              .setPGStartupWait(START)
              .setServerConfig("listen_addresses", "127.0.0.1")
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .setServerConfig("max_connections", String.valueOf(CONNECTIONS))
              .setServerConfig("unix_socket_directories", "")
              .setOutputRedirector(ProcessBuilder.Redirect.appendTo(home.log("postgres").toFile()))
              .setErrorRedirector(ProcessBuilder.Redirect.appendTo(home.log("postgres").toFile()))
              .start();
      var started = new PostgresServer(server, home);
      started.watch();
      return started;
    } catch (IOException | IllegalStateException failed) {
      throw new StartFailure(
          "PostgreSQL does not start.",
          "Look at %s; a full disk and a damaged data folder are the usual reasons."
              .formatted(home.log("postgres")),
          failed);
    }
  }

  int port() {
    return server.getPort();
  }

  /** Makes a role and databases of its own, unless they are there. */
  void provide(String role, String password, List<String> databases) {
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      var exists =
          statement.executeQuery("select 1 from pg_roles where rolname = '%s'".formatted(role));
      if (!exists.next()) {
        statement.execute("create role %s login createdb password '%s'".formatted(role, password));
      }
      for (var database : databases) {
        var found =
            statement.executeQuery(
                "select 1 from pg_database where datname = '%s'".formatted(database));
        if (!found.next()) {
          statement.execute("create database %s owner %s".formatted(database, role));
        }
      }
    } catch (SQLException failed) {
      throw new IllegalStateException("cannot provide " + role, failed);
    }
  }

  DatabaseAddress address(String database, String role, String password, int connections) {
    return new DatabaseAddress(
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port(), database),
        role,
        new Secret(password),
        connections);
  }

  @Override
  public void close() {
    closing = true;
    try {
      server.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** The embedded server is nobody's child: when it dies, nobody else starts it again. */
  private void watch() {
    var postmaster = postmaster(home.data("postgres"));
    var program = postmaster.info().command().orElse(null);
    if (program == null) {
      LOG.warn("PostgreSQL cannot be watched: its process {} has gone", postmaster.pid());
      return;
    }
    var control = Path.of(program).resolveSibling("pg_ctl").toString();
    var _ = postmaster.onExit().thenRunAsync(() -> ended(control), Thread::startVirtualThread);
  }

  /** Until it is up: what is left of the old server may hold its memory for a moment. */
  private void ended(String control) {
    try {
      while (!closing) {
        LOG.warn("PostgreSQL ended; starting it again");
        TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
        if (!closing && startAgain(control)) {
          watch();
          return;
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** With the options that it had, which it has written down itself. */
  private boolean startAgain(String control) throws InterruptedException {
    try {
      // PostgreSQL refuses to be root, and so is shown to be somebody else, as it was before.
      return new ProcessBuilder(
                  "unshare", "-U", control, "-D", home.data("postgres").toString(), "-w", "restart")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(home.log("postgres").toFile()))
              .start()
              .waitFor()
          == 0;
    } catch (IOException failed) {
      LOG.warn("PostgreSQL cannot be started again", failed);
      return false;
    }
  }

  private static ProcessHandle postmaster(Path data) {
    try {
      var pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
      return ProcessHandle.of(pid).orElseThrow();
    } catch (IOException | NoSuchElementException failed) {
      throw new StartFailure(
          "PostgreSQL ended right after its start.",
          "Look at its log, beside the data in %s.".formatted(data),
          failed);
    }
  }

  static void endLeftover(Path data) {
    var pidFile = data.resolve("postmaster.pid");
    if (!Files.exists(pidFile)) {
      return;
    }
    try {
      var pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
      var left = ProcessHandle.of(pid).filter(handle -> isServerOf(handle, data));
      if (left.isPresent()) {
        LOG.info("ending the PostgreSQL of an earlier run (pid {})", pid);
        // INT is PostgreSQL's fast shutdown: it ends its sessions and keeps what it confirmed.
        new ProcessBuilder("kill", "-INT", String.valueOf(pid)).start().waitFor();
        left.get().onExit().get(STOP.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (ExecutionException | TimeoutException stays) {
      throw new StartFailure(
          "A PostgreSQL of an earlier run still holds %s.".formatted(data),
          "End it by its process id, the first line of %s.".formatted(pidFile),
          stays);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The pid may belong to somebody else by now; the command line tells. */
  private static boolean isServerOf(ProcessHandle handle, Path data) {
    try {
      var commandLine = Files.readString(Path.of("/proc/%d/cmdline".formatted(handle.pid())));
      return List.of(commandLine.split("\0")).contains(data.toString());
    } catch (IOException gone) {
      return false;
    }
  }
}
