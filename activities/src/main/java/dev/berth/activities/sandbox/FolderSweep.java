package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the folders of this host that no sandbox and no session needs any more. One that is found
 * in two sweeps is removed: a sandbox that is ending takes its folders away itself.
 */
public final class FolderSweep {
  private static final Logger LOG = LoggerFactory.getLogger(FolderSweep.class);

  private final SandboxFolders folders;
  private final SandboxRecords records;
  private Set<SandboxId> doorsBefore = Set.of();
  private Set<SandboxId> filesBefore = Set.of();

  public FolderSweep(SandboxFolders folders, SandboxRecords records) {
    this.folders = folders;
    this.records = records;
  }

  /**
   * @param sockets folders of sockets, with the homes beside them, of sandboxes that ended
   * @param workspaces folders of files that no session will work on again
   */
  record Removed(int sockets, int workspaces) {}

  /**
   * Removes them. Folders are listed before the database is asked, which knows of a sandbox before
   * it has any.
   *
   * @param lives whether the sandbox is looked after here now
   */
  synchronized Removed sweep(Predicate<SandboxId> lives) {
    var doors = left(folders.doors(), lives);
    var files = left(folders.folders(), lives);
    files.removeAll(records.ofOpenSessions(files));
    var sockets = intersection(doors, doorsBefore);
    var workspaces = intersection(files, filesBefore);
    doorsBefore = doors;
    filesBefore = files;
    return new Removed(
        removing("the sockets", sockets, folders::leaveWorkspace),
        removing("the files", workspaces, folders::remove));
  }

  /** Gives how many went. What cannot be removed is tried again, and keeps nothing else back. */
  private static int removing(String what, Set<SandboxId> of, Consumer<SandboxId> remove) {
    var removed = 0;
    for (var sandbox : of) {
      LOG.atInfo().log("removing {} of sandbox {}", what, sandbox);
      try {
        remove.accept(sandbox);
        removed++;
      } catch (UncheckedIOException failed) {
        LOG.atError().setCause(failed).log("{} of sandbox {} stay", what, sandbox);
      }
    }
    return removed;
  }

  /** Those whose sandbox neither runs nor is being started. */
  private Set<SandboxId> left(List<SandboxId> found, Predicate<SandboxId> lives) {
    var left = new HashSet<>(found);
    left.removeAll(records.unended(found));
    left.removeIf(lives);
    return left;
  }

  private static Set<SandboxId> intersection(Set<SandboxId> one, Set<SandboxId> other) {
    var both = new HashSet<>(one);
    both.retainAll(other);
    return both;
  }
}
