package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    sockets.forEach(sandbox -> {
      LOG.atInfo().log("removing the sockets of sandbox {}", sandbox);
      folders.leaveWorkspace(sandbox);
    });
    workspaces.forEach(sandbox -> {
      LOG.atInfo().log("removing the files of sandbox {}", sandbox);
      folders.remove(sandbox);
    });
    return new Removed(sockets.size(), workspaces.size());
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
