package dev.berth.activities.sandbox;

import java.io.UncheckedIOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that sandboxes left on this host, and that nobody will ask for: those of sessions that
 * are closed, or that go on on another host.
 */
public final class LeftWorkspaces {
  private static final Logger LOG = LoggerFactory.getLogger(LeftWorkspaces.class);

  /** A sweep has other things to do; the next one goes on. */
  private static final int AT_ONCE = 20;

  private final SandboxFolders folders;
  private final SandboxRecords records;

  public LeftWorkspaces(SandboxFolders folders, SandboxRecords records) {
    this.folders = folders;
    this.records = records;
  }

  /** Removes some of them; gives how many. */
  int remove() {
    var left = records.left(folders.list()).stream().limit(AT_ONCE).toList();
    for (var sandbox : left) {
      try {
        folders.remove(sandbox);
      } catch (UncheckedIOException changing) {
        // A snapshot of it that is under way, or an end of the sandbox that still cleans up.
        LOG.atWarn().setCause(changing).log("the files of {} are left for the next sweep", sandbox);
      }
    }
    return left.size();
  }
}
