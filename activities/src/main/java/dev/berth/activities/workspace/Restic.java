package dev.berth.activities.workspace;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Runs restic as a child process: for a bounded time, with secrets in its environment only, where
 * neither the agent nor a list of processes shows them.
 */
final class Restic {
  /** Of the worker's own environment a child gets only what lets it find files and servers. */
  private static final Set<String> INHERITED =
      Set.of(
          "PATH",
          "HOME",
          "TMPDIR",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "HTTPS_PROXY",
          "HTTP_PROXY",
          "NO_PROXY",
          "https_proxy",
          "http_proxy",
          "no_proxy");

  /** For restic to remove its lock when it is told to end. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** More lines than an error needs to be understood. */
  private static final int LINES_KEPT = 20;

  private final Path program;

  Restic(Path program) {
    this.program = program;
  }

  /**
   * What is to be run.
   *
   * @param environment address and secrets of the repository
   * @param directory where it runs
   * @param polite whether it gives way to everything else that wants the processor
   */
  record Run(
      Map<String, String> environment,
      Path directory,
      Duration timeout,
      boolean polite,
      List<String> arguments) {}

  /**
   * How it ended.
   *
   * @param summary the last line of its output with the type {@code summary}, or a missing node
   * @param errors the last lines that it said about what went wrong
   */
  record Ended(int code, JsonNode summary, List<String> errors) {
    /** Some of the files could not be read; the snapshot has the others. */
    static final int INCOMPLETE = 3;

    static final int NO_REPOSITORY = 10;
    static final int LOCKED = 11;

    boolean succeeded() {
      return code == 0;
    }

    String detail() {
      return "exit code %d: %s".formatted(code, String.join(" | ", errors));
    }
  }

  /**
   * Runs it to its end.
   *
   * @throws ProblemException {@code TIMED_OUT} when it had to be ended
   */
  Ended run(Run run) {
    var command = new ArrayList<String>();
    if (run.polite()) {
      command.addAll(List.of("nice", "-n", "10"));
    }
    command.add(program.toString());
    // Without a cache of its own: its folder would have to be looked after for every session.
    command.addAll(List.of("--json", "--quiet", "--no-cache"));
    command.addAll(run.arguments());
    var builder = new ProcessBuilder(command).directory(run.directory().toFile());
    builder.environment().keySet().retainAll(INHERITED);
    builder.environment().putAll(run.environment());
    try {
      var process = builder.start();
      process.getOutputStream().close();
      var output = lines(process.getInputStream());
      var errors = lines(process.getErrorStream());
      if (!process.waitFor(run.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
        end(process);
        throw new ProblemException(
            ProblemType.TIMED_OUT,
            "restic %s did not end in %s.".formatted(run.arguments().getFirst(), run.timeout()));
      }
      return new Ended(process.exitValue(), summary(output.join()), errors.join());
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot run " + program, failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }

  private static void end(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  /** Reads to the end, so that the child never waits for a reader, and keeps the last lines. */
  private static CompletableFuture<List<String>> lines(InputStream stream) {
    var kept = new CompletableFuture<List<String>>();
    Thread.ofVirtual()
        .name("restic-output")
        .start(() -> {
          var last = new ArrayList<String>();
          try (var reader =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (var line = reader.readLine(); line != null; line = reader.readLine()) {
              last.add(line);
              if (last.size() > LINES_KEPT) {
                last.removeFirst();
              }
            }
            kept.complete(List.copyOf(last));
          } catch (IOException closed) {
            kept.complete(List.copyOf(last));
          }
        });
    return kept;
  }

  private static JsonNode summary(List<String> lines) {
    return lines.reversed().stream()
        .filter(line -> line.startsWith("{"))
        .map(Restic::parsed)
        .filter(line -> line.path("message_type").asString("").equals("summary"))
        .findFirst()
        .orElse(MissingNode.getInstance());
  }

  private static JsonNode parsed(String line) {
    try {
      return ProtocolJson.mapper().readTree(line);
    } catch (JacksonException cut) {
      return MissingNode.getInstance();
    }
  }
}
