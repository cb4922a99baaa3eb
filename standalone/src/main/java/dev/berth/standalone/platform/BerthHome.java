package dev.berth.standalone.platform;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * The folder that holds everything that one installation of Berth makes, but for system packages,
 * Docker images and the short folder of the sockets.
 */
public final class BerthHome {
  private static final int ID_BYTES = 4;

  private final Path root;
  private final Path cache;

  private BerthHome(Path root, Path cache) {
    this.root = root;
    this.cache = cache;
  }

  /** The home that the environment names: {@code BERTH_HOME}, and {@code BERTH_CACHE} beside it. */
  public static BerthHome ofEnvironment() {
    var home = System.getenv("BERTH_HOME");
    if (home == null || home.isBlank()) {
      throw new IllegalStateException("BERTH_HOME is not set (expected: a folder)");
    }
    var cache = System.getenv("BERTH_CACHE");
    var root = Path.of(home).toAbsolutePath();
    return new BerthHome(root, cache == null ? root.resolve("cache") : Path.of(cache));
  }

  /**
   * A home.
   *
   * @param cache what is made once and does not belong to an installation, such as binaries
   */
  public static BerthHome at(Path root, Path cache) {
    return new BerthHome(root.toAbsolutePath(), cache.toAbsolutePath());
  }

  public Path root() {
    return root;
  }

  public Path cache() {
    return cache;
  }

  /** The program that keeps workspaces in object storage, as built by {@code tools/restic}. */
  public Path restic() {
    return cache.resolve("restic").resolve("restic");
  }

  public Path data(String part) {
    return folder(root.resolve("data").resolve(part));
  }

  public Path logs() {
    return folder(root.resolve("logs"));
  }

  public Path log(String part) {
    return logs().resolve(part + ".log");
  }

  public Path run() {
    return folder(root.resolve("run"));
  }

  public Path connection() {
    return root.resolve("connection.json");
  }

  public Path secrets() {
    return root.resolve("secrets.json");
  }

  /**
   * Names this installation among others on the machine: 8 hexadecimal digits, made once. Its
   * sandboxes carry it, and so does the folder of its sockets.
   */
  public String installation() {
    var file = root.resolve("installation");
    try {
      if (!Files.exists(file)) {
        var bytes = new byte[ID_BYTES];
        new SecureRandom().nextBytes(bytes);
        folder(root);
        Files.writeString(file, HexFormat.of().formatHex(bytes));
      }
      return Files.readString(file).strip();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot use " + file, failed);
    }
  }

  /** Short, because the path of a socket may have no more than 107 bytes. */
  public Path sockets() {
    return Path.of("/run/berth-" + installation());
  }

  /** Writes a file that only its owner may read. */
  static void writePrivate(Path file, String content) {
    try {
      folder(requireNonNull(file.getParent()));
      var fresh = file.resolveSibling(file.getFileName() + ".new");
      Files.deleteIfExists(fresh);
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(fresh, content);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot write " + file, failed);
    }
  }

  private static Path folder(Path path) {
    try {
      return Files.createDirectories(path);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot make " + path, failed);
    }
  }
}
