package dev.berth.standalone.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process and its descendants hold, as proportional set size: a page that several of them
 * share, such as PostgreSQL's buffers, counts once.
 */
final class PlatformMemory {
  private PlatformMemory() {}

  static long bytes(ProcessHandle root) {
    return Stream.concat(Stream.of(root), root.descendants()).mapToLong(PlatformMemory::of).sum();
  }

  private static long of(ProcessHandle process) {
    try (var lines = Files.lines(Path.of("/proc/%d/smaps_rollup".formatted(process.pid())))) {
      return lines
          .filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .sum();
    } catch (NoSuchFileException ended) {
      return 0;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
