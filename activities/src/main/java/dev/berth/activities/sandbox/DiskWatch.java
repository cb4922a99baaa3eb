package dev.berth.activities.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Watches the disk while a turn runs, in place of quotas that the file system may not have: the
 * room that the host has left, and what the sandbox itself uses.
 *
 * <p>What a sandbox used before the turn does not end it, or nobody could ask an agent to clean up.
 * Not for sharing between threads.
 */
public final class DiskWatch {
  /** Counting a tree is worth it when the host has lost this part of the sandbox's limit. */
  private static final int COUNT_WORTH = 20;

  private static final long MEBI = 1024L * 1024;

  private final Path folder;
  private final long limit;
  private final long floor;
  private final CompletableFuture<Long> usedBefore;
  private long freeWhenCounted;

  private DiskWatch(
      Path folder, long limit, long floor, CompletableFuture<Long> usedBefore, long free) {
    this.folder = folder;
    this.limit = limit;
    this.floor = floor;
    this.usedBefore = usedBefore;
    this.freeWhenCounted = free;
  }

  /**
   * Begins to watch. What the sandbox used before is counted meanwhile, since a workspace may hold
   * a million files: what the agent writes during that count passes for used before.
   *
   * @param limit bytes that the sandbox may use
   * @param floor bytes that the host must have left
   */
  static DiskWatch start(Path folder, long limit, long floor) {
    var usedBefore =
        CompletableFuture.supplyAsync(
            () -> used(folder), Thread.ofVirtual().name("disk " + folder.getFileName())::start);
    return new DiskWatch(folder, limit, floor, usedBefore, free(folder));
  }

  /** Why the turn must end, if it must. */
  public Optional<String> full() {
    var free = free(folder);
    if (free < floor) {
      return Optional.of(
          "The host has only %d MiB of disk left (expected: %d MiB)."
              .formatted(free / MEBI, floor / MEBI));
    }
    if (freeWhenCounted - free < limit / COUNT_WORTH) {
      return Optional.empty();
    }
    freeWhenCounted = free;
    var used = used(folder);
    return used > limit && used > usedBefore.join()
        ? Optional.of(
            "The sandbox uses %d MiB of disk (allowed: %d MiB)."
                .formatted(used / MEBI, limit / MEBI))
        : Optional.empty();
  }

  private static long free(Path folder) {
    try {
      return Files.getFileStore(folder).getUsableSpace();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot look at " + folder, failed);
    }
  }

  private static long used(Path folder) {
    var total = new long[1];
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              total[0] += attributes.size();
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              // The agent deletes files while they are counted.
              return FileVisitResult.CONTINUE;
            }
          });
      return total[0];
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot count " + folder, failed);
    }
  }
}
