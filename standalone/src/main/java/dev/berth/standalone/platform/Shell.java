package dev.berth.standalone.platform;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs other programs. */
public final class Shell {
  private static final Duration QUESTION = Duration.ofSeconds(20);

  private Shell() {}

  /** The first line that a program prints, or null when it is missing or fails. */
  public static @Nullable String firstLine(String... command) {
    try {
      var process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      try (var out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        var line = out.readLine();
        out.transferTo(Writer.nullWriter());
        return process.waitFor(QUESTION.toMillis(), TimeUnit.MILLISECONDS)
                && process.exitValue() == 0
            ? line == null ? "" : line
            : null;
      }
    } catch (IOException missing) {
      return null;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** What it prints, line by line; nothing when there is no such program. */
  public static List<String> lines(String... command) {
    try {
      var process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try (var out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        return out.lines().toList();
      }
    } catch (IOException missing) {
      return List.of();
    }
  }

  /**
   * Runs a program to its end and gives the last line that it printed; everything else that it says
   * goes to the log.
   *
   * @throws StartFailure when it fails
   */
  public static String run(
      Path log, Map<String, String> environment, String remedy, List<String> command) {
    try {
      var builder =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(environment);
      var process = builder.start();
      process.getOutputStream().close();
      var last = "";
      try (var out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (var line = out.readLine(); line != null; line = out.readLine()) {
          last = line;
        }
      }
      if (process.waitFor() != 0) {
        throw new StartFailure(
            "%s failed with %d.".formatted(command.getFirst(), process.exitValue()), remedy);
      }
      return last;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot run " + command.getFirst(), failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StartFailure("Interrupted.", "Run the command again; it goes on where it was.");
    }
  }
}
