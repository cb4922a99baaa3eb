package dev.berth.standalone.chaos;

import static java.util.Objects.requireNonNull;

import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.setup.DockerEngine;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Finds the processes of a platform and its sandboxes, and strikes them by their ids. */
final class Victims {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration DYING = Duration.ofMinutes(1);

  private final Project project;
  private final ScratchPlatform platform;

  Victims(Project project, ScratchPlatform platform) {
    this.project = project;
    this.platform = platform;
  }

  /**
   * Kills it, or stops it for a while.
   *
   * @return whether there was something to strike
   */
  boolean strike(Strike strike, EndUser.Visit visit, Follower follower)
      throws InterruptedException {
    var pause = strike.pause();
    switch (strike.component()) {
      case CLIENT -> {
        follower.drop();
        visit.drop();
      }
      case DOCKER -> {
        var engine = pid(Path.of("/var/run/docker.pid"));
        // An engine that systemd does not start has a containerd of its own, which dies with it.
        var containerd = pid(Path.of("/var/run/docker/containerd/containerd.pid"));
        var isContainerd =
            containerd != null
                && ProcessHandle.of(containerd)
                    .flatMap(process -> process.info().command())
                    .filter(command -> command.endsWith("containerd"))
                    .isPresent();
        if (!signal("KILL", engine)) {
          return false;
        }
        // Another one does not start while this one is among the living, and takes a containerd
        // that dies with it for one that it can use.
        awaitEnd(requireNonNull(engine));
        if (isContainerd) {
          awaitEnd(requireNonNull(containerd));
        }
        new DockerEngine(project).ensure();
      }
      default -> {
        var pid = await(strike.component(), visit.session());
        if (pid == null) {
          return false;
        }
        if (pause == null) {
          return signal("KILL", pid);
        }
        if (!signal("STOP", pid)) {
          return false;
        }
        TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        signal("CONT", pid);
      }
    }
    return true;
  }

  private static void awaitEnd(long pid) throws InterruptedException {
    var dying = ProcessHandle.of(pid);
    try {
      if (dying.isPresent()) {
        dying.get().onExit().get(DYING.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (TimeoutException stays) {
      throw new IllegalStateException("process %d does not end".formatted(pid), stays);
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Whether anything of the session is left among the containers. */
  boolean hasContainer(String session) {
    return !Shell.lines("docker", "ps", "-aq", "--filter", "name=berth-" + session).isEmpty();
  }

  int containers() {
    return Shell.lines(
            "docker",
            "ps",
            "-aq",
            "--filter",
            "label=berth.installation=" + platform.home().installation())
        .size();
  }

  /** What is not there yet, or not again, may be in a moment. */
  private @Nullable Long await(Component component, String session) throws InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    do {
      var pid = find(component, session);
      if (pid != null && ProcessHandle.of(pid).isPresent()) {
        return pid;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    } while (System.nanoTime() < deadline);
    return null;
  }

  private @Nullable Long find(Component component, String session) {
    return switch (component) {
      case AGENT -> inSandbox(session, "claude");
      // The larger of the two: the other only passes bytes on.
      case BRIDGE -> inSandbox(session, "--max-old-space-size=512");
      case CONTAINER -> {
        var line = Shell.firstLine("docker", "inspect", "-f", "{{.State.Pid}}", "berth-" + session);
        yield line == null || line.equals("0") ? null : Long.valueOf(line);
      }
      case WORKER -> child("worker-1");
      case API -> child("api-1");
      case TEMPORAL -> child("temporal");
      case S3 -> child("s3");
      case POSTGRES -> pid(platform.home().data("postgres").resolve("postmaster.pid"));
      case DOCKER, CLIENT -> null;
    };
  }

  private static @Nullable Long inSandbox(String session, String mark) {
    return Shell.lines("docker", "top", "berth-" + session, "-eo", "pid,args").stream()
        .skip(1)
        .map(String::strip)
        .filter(line -> line.contains(mark))
        .map(line -> Long.valueOf(line.split(" ", 2)[0]))
        .findFirst()
        .orElse(null);
  }

  private @Nullable Long child(String name) {
    return pid(platform.home().run().resolve(name + ".pid"));
  }

  private static @Nullable Long pid(Path file) {
    try {
      var lines = Files.exists(file) ? Files.readAllLines(file) : List.<String>of();
      return lines.isEmpty() ? null : Long.valueOf(lines.getFirst().strip().split(" ", 2)[0]);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static boolean signal(String signal, @Nullable Long pid) throws InterruptedException {
    try {
      return pid != null
          && new ProcessBuilder("kill", "-" + signal, String.valueOf(pid))
                  .redirectErrorStream(true)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start()
                  .waitFor()
              == 0;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
