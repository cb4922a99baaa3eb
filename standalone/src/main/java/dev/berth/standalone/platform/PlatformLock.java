package dev.berth.standalone.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** One platform a home. The lock goes with its process, however that ends. */
final class PlatformLock implements AutoCloseable {
  private final FileChannel channel;

  private PlatformLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes the lock; null when another process has it. */
  static @Nullable PlatformLock take(BerthHome home) {
    try {
      var channel =
          FileChannel.open(file(home), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() != null) {
          return new PlatformLock(channel);
        }
      } catch (OverlappingFileLockException ours) {
        channel.close();
        return null;
      }
      channel.close();
      return null;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot lock " + file(home), failed);
    }
  }

  static boolean isHeld(BerthHome home) {
    if (!Files.exists(file(home))) {
      return false;
    }
    var lock = take(home);
    if (lock == null) {
      return true;
    }
    lock.close();
    return false;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static Path file(BerthHome home) {
    return home.run().resolve("platform.lock");
  }
}
