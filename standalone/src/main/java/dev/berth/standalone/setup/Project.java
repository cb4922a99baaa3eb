package dev.berth.standalone.setup;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Shell;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The checkout that this program was built from, and the home that it works in. */
public record Project(Path root, BerthHome home) {
  /** What is written there is about a commit, and makes none. */
  private static final String REPORTS = ":(exclude)docs/reports";

  public static Project ofEnvironment() {
    var root = System.getenv("BERTH_PROJECT");
    if (root == null || root.isBlank()) {
      throw new IllegalStateException(
          "BERTH_PROJECT is not set (expected: the checkout; start with ./berth)");
    }
    return new Project(Path.of(root), BerthHome.ofEnvironment());
  }

  /**
   * The commit of the checkout, short, with {@code +changes} when files differ from it or are new.
   *
   * @return null where there is no git, or no commit
   */
  public @Nullable String commit() {
    var checkout = root.toString();
    var commit = Shell.firstLine("git", "-C", checkout, "rev-parse", "--short", "HEAD");
    if (commit == null || commit.isEmpty()) {
      return null;
    }
    var changes = Shell.lines("git", "-C", checkout, "status", "--porcelain", "--", ".", REPORTS);
    return changes.isEmpty() ? commit : commit + "+changes";
  }
}
