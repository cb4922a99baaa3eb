package dev.berth.standalone.setup;

import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.platform.StartFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The Docker engine of this machine. One that runs is used as it is; on a Debian-class machine one
 * is installed and started, with {@code live-restore}, so that a restart of the engine leaves
 * sandboxes running.
 */
public final class DockerEngine {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Project project;

  public DockerEngine(Project project) {
    this.project = project;
  }

  /** The version of the engine that answers, or null. */
  public @Nullable String version() {
    return Shell.firstLine("docker", "version", "--format", "{{.Server.Version}}");
  }

  public boolean hasLiveRestore() {
    return "true".equals(Shell.firstLine("docker", "info", "--format", "{{.LiveRestoreEnabled}}"));
  }

  /** Makes sure that an engine answers. */
  public String ensure() {
    var running = version();
    if (running != null) {
      return running;
    }
    if (Shell.firstLine("dockerd", "--version") == null) {
      install();
    }
    return await(start());
  }

  private void install() {
    new DebianPackages(project.home().log("setup"))
        .install(
            "No Docker engine is running",
            "Install Docker (https://docs.docker.com/engine/install) and start it.",
            "docker.io",
            "iptables");
  }

  /** Gives the engine's process, or null where systemd has it. */
  private @Nullable Process start() {
    if (Files.isDirectory(Path.of("/run/systemd/system"))) {
      // One that was killed a few times within a minute is not started again otherwise.
      Shell.lines("systemctl", "reset-failed", "docker");
      Shell.run(
          project.home().log("setup"),
          Map.of(),
          "Look at `journalctl -u docker`.",
          List.of("systemctl", "start", "docker"));
      return null;
    }
    try {
      // In a session of its own: the engine outlives this program.
      return new ProcessBuilder("setsid", "dockerd", "--live-restore")
          .redirectErrorStream(true)
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
          .redirectOutput(ProcessBuilder.Redirect.appendTo(project.home().log("dockerd").toFile()))
          .start();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot start dockerd", failed);
    }
  }

  /**
   * Waits until it answers. An engine gives up after a quarter of a minute when what is left of the
   * one before it, a containerd that is dying, is in its way: then another one is started.
   */
  private String await(@Nullable Process started) {
    var engine = started;
    var deadline = System.nanoTime() + START.toNanos();
    try {
      while (System.nanoTime() < deadline) {
        var version = version();
        if (version != null) {
          return version;
        }
        if (engine != null && !engine.isAlive()) {
          engine = start();
        }
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    throw new StartFailure(
        "The Docker engine does not come up.",
        "Look at %s; start it yourself with `dockerd`.".formatted(project.home().log("dockerd")));
  }
}
