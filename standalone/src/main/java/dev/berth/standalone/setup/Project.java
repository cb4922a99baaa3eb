package dev.berth.standalone.setup;

import dev.berth.standalone.platform.BerthHome;
import java.nio.file.Path;

/** The checkout that this program was built from, and the home that it works in. */
public record Project(Path root, BerthHome home) {
  public static Project ofEnvironment() {
    var root = System.getenv("BERTH_PROJECT");
    if (root == null || root.isBlank()) {
      throw new IllegalStateException(
          "BERTH_PROJECT is not set (expected: the checkout; start with ./berth)");
    }
    return new Project(Path.of(root), BerthHome.ofEnvironment());
  }
}
