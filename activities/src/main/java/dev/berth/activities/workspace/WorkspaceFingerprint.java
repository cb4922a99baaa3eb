package dev.berth.activities.workspace;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether anything in a workspace changed, from names, modes, sizes and times alone: most
 * turns change nothing, and finding that out must cost next to nothing. The time of change is part
 * of it, which a program in the sandbox cannot set back.
 */
public final class WorkspaceFingerprint {
  /** Of a workspace without files; its one directory says nothing. */
  public static final String EMPTY = "empty";

  private WorkspaceFingerprint() {}

  /** The fingerprint of a workspace, or null when there is none any more. */
  public static @Nullable String of(Path workspace) {
    if (!Files.isDirectory(workspace, LinkOption.NOFOLLOW_LINKS)) {
      return null;
    }
    var entries = new Entries(workspace);
    try {
      Files.walkFileTree(workspace, entries);
      return entries.fingerprint();
    } catch (NoSuchFileException moved) {
      return null;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot look at " + workspace, failed);
    }
  }

  /** The sum of a hash of each entry: a directory lists them in any order. */
  private static final class Entries extends SimpleFileVisitor<Path> {
    private final Path root;
    private final MessageDigest digest;
    private long high;
    private long low;
    private boolean filled;

    Entries(Path root) {
      this.root = root;
      try {
        this.digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException missing) {
        throw new IllegalStateException(missing);
      }
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      // The root changes when it is handed to the next sandbox.
      if (!folder.equals(root)) {
        // The agent's folder is in every workspace.
        add(folder, !root.equals(folder.getParent()) || !folder.endsWith("project"));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      add(file, true);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failed) throws IOException {
      if (failed instanceof NoSuchFileException && !file.equals(root)) {
        // The agent deletes files while they are looked at.
        return FileVisitResult.CONTINUE;
      }
      throw failed;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failed) {
      return FileVisitResult.CONTINUE;
    }

    private void add(Path entry, boolean counts) {
      try {
        var attributes =
            Files.readAttributes(
                entry, "unix:mode,uid,size,ctime,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
        digest.update(root.relativize(entry).toString().getBytes(StandardCharsets.UTF_8));
        for (var name : new String[] {"mode", "uid", "size", "ctime", "lastModifiedTime"}) {
          digest.update((byte) 0);
          digest.update(String.valueOf(attributes.get(name)).getBytes(StandardCharsets.UTF_8));
        }
        var hash = ByteBuffer.wrap(digest.digest());
        high += hash.getLong();
        low += hash.getLong();
        filled |= counts;
      } catch (IOException gone) {
        digest.reset();
      }
    }

    String fingerprint() {
      return filled ? HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low) : EMPTY;
    }
  }
}
