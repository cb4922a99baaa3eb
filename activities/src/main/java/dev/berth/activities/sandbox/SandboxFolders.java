package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directories of the host that belong to a sandbox: its door, its workspace, the agent's home,
 * the bridge's spool. Only the users of the image may enter them.
 */
public final class SandboxFolders {
  private static final String PRIVATE = "rwx------";
  private static final String WORKSPACE = "workspace";
  private static final String HOME = "home";
  private static final String SPOOL = "spool";

  /** A workspace that is on its way back; only a whole one is taken for a workspace. */
  private static final String RESTORING = "restoring";

  /** Where the agent works; the transcript is keyed by it, so it is the same in every sandbox. */
  private static final String PROJECT = "project";

  private final Path root;
  private final Path sockets;

  public SandboxFolders(Path root, Path sockets) {
    this.root = root;
    this.sockets = sockets;
  }

  public Path door(SandboxId sandbox) {
    return sockets.resolve(sandbox.value());
  }

  public Path workspace(SandboxId sandbox) {
    return folder(sandbox).resolve(WORKSPACE);
  }

  public Path home(SandboxId sandbox) {
    return folder(sandbox).resolve(HOME);
  }

  public Path spool(SandboxId sandbox) {
    return folder(sandbox).resolve(SPOOL);
  }

  /**
   * Makes the directories of a sandbox. The workspace is taken over from the latest earlier sandbox
   * of the session that left one here.
   */
  public void prepare(SandboxId sandbox, List<SandboxId> earlier) {
    try {
      Files.createDirectories(root);
      Files.createDirectories(sockets);
      takeOver(sandbox, earlier);
      owned(door(sandbox), DockerSandboxRuntime.BRIDGE_USER);
      owned(spool(sandbox), DockerSandboxRuntime.BRIDGE_USER);
      owned(home(sandbox), DockerSandboxRuntime.AGENT_USER);
      owned(workspace(sandbox), DockerSandboxRuntime.AGENT_USER);
      owned(workspace(sandbox).resolve(PROJECT), DockerSandboxRuntime.AGENT_USER);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot prepare " + folder(sandbox), failed);
    }
  }

  /** Whether the sandbox has a workspace. */
  boolean hasWorkspace(SandboxId sandbox) {
    return Files.isDirectory(workspace(sandbox));
  }

  /** The first of the sandboxes that left a workspace here. */
  @Nullable SandboxId latestWorkspace(List<SandboxId> earlier) {
    return earlier.stream().filter(this::hasWorkspace).findFirst().orElse(null);
  }

  /** An empty directory for the files of a workspace that come back from elsewhere. */
  Path beginRestore(SandboxId sandbox) {
    var restoring = folder(sandbox).resolve(RESTORING);
    try {
      delete(restoring);
      Files.createDirectories(folder(sandbox));
      owned(restoring, DockerSandboxRuntime.AGENT_USER);
      return restoring;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot prepare " + restoring, failed);
    }
  }

  /** The files are back: they are the sandbox's workspace from now on. */
  void settleRestored(SandboxId sandbox) {
    var restoring = folder(sandbox).resolve(RESTORING);
    try {
      if (Files.isDirectory(restoring)) {
        Files.move(restoring, workspace(sandbox));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot move " + restoring, failed);
    }
  }

  /** Room that is left where the workspaces are. */
  public long freeBytes() {
    try {
      Files.createDirectories(root);
      return Files.getFileStore(root).getUsableSpace();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot look at " + root, failed);
    }
  }

  /**
   * Removes the door, the spool and the home; the workspace stays for the session's next sandbox.
   */
  public void leaveWorkspace(SandboxId sandbox) {
    delete(door(sandbox));
    delete(spool(sandbox));
    delete(home(sandbox));
  }

  /** The sandboxes that have sockets here. */
  List<SandboxId> doors() {
    return sandboxes(sockets);
  }

  /** The sandboxes that have files here. */
  List<SandboxId> folders() {
    return sandboxes(root);
  }

  private static List<SandboxId> sandboxes(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(SandboxId::isValid)
          .map(SandboxId::new)
          .toList();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot look at " + folder, failed);
    }
  }

  /** Removes everything of a sandbox. */
  public void remove(SandboxId sandbox) {
    delete(door(sandbox));
    delete(folder(sandbox));
  }

  private void takeOver(SandboxId sandbox, List<SandboxId> earlier) throws IOException {
    Files.createDirectories(folder(sandbox));
    var found = latestWorkspace(earlier);
    if (!hasWorkspace(sandbox) && found != null) {
      Files.move(workspace(found), workspace(sandbox));
    }
    earlier.forEach(this::remove);
  }

  /** Everything that the sandbox may fill. */
  Path folder(SandboxId sandbox) {
    return root.resolve(sandbox.value());
  }

  private static void owned(Path folder, int user) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(
          folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PRIVATE)));
      Files.setAttribute(folder, "unix:uid", user);
      Files.setAttribute(folder, "unix:gid", user);
    }
  }

  /**
   * Deletes a tree without following links: an agent may have left some that lead out, or exchange
   * a folder for one meanwhile. By the system's own program, which goes down folder by folder: a
   * tree that is deeper than a path may be long is none to the file API of Java.
   */
  private static void delete(Path folder) {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      var rm =
          new ProcessBuilder("rm", "-rf", "--one-file-system", "--", folder.toString())
              .redirectErrorStream(true)
              .start();
      var said = new String(rm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (rm.waitFor() != 0) {
        throw new IOException(said.strip());
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot delete " + folder, failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }
}
