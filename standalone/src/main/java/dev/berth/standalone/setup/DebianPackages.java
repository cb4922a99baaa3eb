package dev.berth.standalone.setup;

import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.platform.StartFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Programs of a Debian-class machine that a set-up needs, and that are installed when missing. */
final class DebianPackages {
  private static final Map<String, String> QUIET = Map.of("DEBIAN_FRONTEND", "noninteractive");

  private final Path log;

  /**
   * @param log takes what the package tools say
   */
  DebianPackages(Path log) {
    this.log = log;
  }

  /**
   * Installs packages.
   *
   * @param purpose what they are for, as it stands in an error's message
   * @param otherwise what a user can do instead; it stands in the remedy
   * @throws StartFailure when this is no Debian-class machine, or the installation fails
   */
  void install(String purpose, String otherwise, String... packages) {
    if (Shell.firstLine("apt-get", "--version") == null) {
      throw new StartFailure(
          "%s, and this is no Debian-class machine to install %s on."
              .formatted(purpose, String.join(" and ", packages)),
          otherwise);
    }
    var remedy = "Look at %s. Or: %s".formatted(log, otherwise);
    Shell.run(log, QUIET, remedy, List.of("apt-get", "update", "-q"));
    var install =
        new ArrayList<>(List.of("apt-get", "install", "-q", "-y", "--no-install-recommends"));
    install.addAll(List.of(packages));
    Shell.run(log, QUIET, remedy, install);
  }
}
