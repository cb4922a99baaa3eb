package dev.berth.standalone.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of the platform: started, started again when it ends by itself, and ended with the
 * platform. Its id is on disk, so that the next start finds one that outlived a killed platform.
 */
final class ChildProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChildProcess.class);

  private static final Duration GRACE = Duration.ofSeconds(10);

  /** What outlived its platform has lost its purpose; it need not finish anything. */
  private static final Duration LEFTOVER_GRACE = Duration.ofSeconds(1);

  private static final Duration AGAIN = Duration.ofMillis(500);

  /** Ctrl-C in a terminal is for the platform, which ends its parts in their order. */
  private static final String OWN_SESSION = "setsid";

  /** At a start a log that is larger than this makes room; the one before it is kept. */
  private static final long LOG_BYTES = 32L * 1024 * 1024;

  private final String name;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Path log;
  private final Path pidFile;
  private volatile @Nullable Process process;
  private volatile boolean closing;

  private ChildProcess(
      BerthHome home, String name, List<String> command, Map<String, String> environment) {
    this.name = name;
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
    this.log = home.log(name);
    this.pidFile = home.run().resolve(name + ".pid");
  }

  static ChildProcess start(
      BerthHome home, String name, List<String> command, Map<String, String> environment) {
    var child = new ChildProcess(home, name, command, environment);
    child.launch();
    return child;
  }

  String name() {
    return name;
  }

  long pid() {
    var running = process;
    return running == null ? 0 : running.pid();
  }

  Path log() {
    return log;
  }

  boolean isAlive() {
    var running = process;
    return running != null && running.isAlive();
  }

  @Override
  public void close() {
    closing = true;
    var running = process;
    if (running != null) {
      end(running.toHandle(), GRACE);
    }
    delete(pidFile);
  }

  /** Kills it as the loss of its machine would, and leaves it dead. */
  void lose() {
    closing = true;
    var running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }

  /** Ends the processes that an earlier platform in this home left behind when it was killed. */
  static void endLeftovers(BerthHome home) {
    try (var files = Files.list(home.run());
        var enders = Executors.newVirtualThreadPerTaskExecutor()) {
      files
          .filter(file -> file.toString().endsWith(".pid"))
          .forEach(file -> enders.execute(() -> endLeftover(file)));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void endLeftover(Path file) {
    try {
      var recorded = Files.readString(file).strip().split(" ", 2);
      ProcessHandle.of(Long.parseLong(recorded[0]))
          .filter(handle -> recorded.length == 2 && recorded[1].equals(identity(handle)))
          .ifPresent(handle -> {
            LOG.info("ending {} of an earlier run (pid {})", file.getFileName(), handle.pid());
            end(handle, LEFTOVER_GRACE);
          });
      Files.delete(file);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void launch() {
    try {
      if (Files.exists(log) && Files.size(log) > LOG_BYTES) {
        Files.move(log, log.resolveSibling(name + ".1.log"), StandardCopyOption.REPLACE_EXISTING);
      }
      var builder =
          new ProcessBuilder(Stream.concat(Stream.of(OWN_SESSION), command.stream()).toList())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(environment);
      var started = builder.start();
      process = started;
      Files.writeString(pidFile, started.pid() + " " + identity(started.toHandle()));
      var _ = started.onExit().thenAccept(this::ended);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot start " + name, failed);
    }
  }

  private void ended(Process over) {
    if (closing) {
      return;
    }
    LOG.warn("{} ended with {}; starting it again", name, over.exitValue());
    try {
      TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return;
    }
    if (!closing) {
      launch();
    }
  }

  /** A pid alone is used again by the system; with its start it is not. */
  private static String identity(ProcessHandle handle) {
    return handle.info().startInstant().map(Object::toString).orElse("unknown");
  }

  private static void end(ProcessHandle handle, Duration grace) {
    handle.destroy();
    try {
      handle.onExit().get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException slow) {
      handle.destroyForcibly();
    } catch (InterruptedException interrupted) {
      handle.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.getMessage());
    }
  }
}
