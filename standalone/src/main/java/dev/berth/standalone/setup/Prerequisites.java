package dev.berth.standalone.setup;

import dev.berth.standalone.platform.TemporalBinaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What Berth cannot make by itself. */
public final class Prerequisites {
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");
  private static final long GIBI = 1024L * 1024 * 1024;

  /** Images, binaries and build output of a first set-up. */
  private static final long FIRST_SETUP_BYTES = 8 * GIBI;

  private static final long RUNNING_BYTES = GIBI;

  private final Project project;
  private final Map<String, String> environment;

  public Prerequisites(Project project, Map<String, String> environment) {
    this.project = project;
    this.environment = environment;
  }

  public List<Finding> look() {
    var findings = new ArrayList<Finding>();
    findings.add(system());
    findings.add(root());
    findings.add(new Finding.Good("JDK", System.getProperty("java.version")));
    findings.add(
        tool("Maven", 3, 8, "install Maven 3.8 or newer (apt-get install maven)", "mvn", "-v"));
    findings.add(
        tool(
            "Node.js",
            20,
            0,
            "install Node.js 20 or newer with npm (https://nodejs.org)",
            "node",
            "--version"));
    findings.add(tool("npm", 9, 0, "install npm; it comes with Node.js", "npm", "--version"));
    findings.add(temporal());
    findings.add(restic());
    findings.add(disk());
    return findings;
  }

  private static Finding system() {
    var name = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    return name.equals("Linux amd64")
        ? new Finding.Good("system", name)
        : new Finding.Missing("system", name, "use Linux on x86-64, or the compose file");
  }

  private static Finding root() {
    return "root".equals(System.getProperty("user.name"))
        ? new Finding.Good("user", "root")
        : new Finding.Missing(
            "user",
            System.getProperty("user.name"),
            "run as root: the worker gives the sandboxes' folders to the users inside them");
  }

  private Finding temporal() {
    var elsewhere = environment.get("TEMPORAL_ADDRESS");
    if (elsewhere != null && !elsewhere.isBlank()) {
      return new Finding.Good("Temporal", "at " + elsewhere + " (TEMPORAL_ADDRESS)");
    }
    if (TemporalBinaries.in(project.home().cache().resolve("temporal")).exist()) {
      return new Finding.Good("Temporal", "production server, built");
    }
    return go("the Temporal server, or set TEMPORAL_ADDRESS");
  }

  private Finding restic() {
    return Files.isExecutable(project.home().restic())
        ? new Finding.Good("restic", "built")
        : go("restic");
  }

  private static Finding go(String what) {
    return tool(
        "Go",
        1,
        26,
        "install Go 1.26 or newer (https://go.dev/dl) to build " + what,
        "go",
        "version");
  }

  private Finding disk() {
    try {
      var home = project.home();
      Files.createDirectories(home.root());
      var free = Files.getFileStore(home.root()).getUsableSpace();
      var isSetUp = TemporalBinaries.in(home.cache().resolve("temporal")).exist();
      var wanted = isSetUp ? RUNNING_BYTES : FIRST_SETUP_BYTES;
      var detail = "%.1f GiB free in %s".formatted(free / (double) GIBI, home.root());
      return free >= wanted
          ? new Finding.Good("disk", detail)
          : new Finding.Missing(
              "disk",
              detail,
              "make room for %d GiB, or set BERTH_HOME to a larger disk".formatted(wanted / GIBI));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static Finding tool(String name, int major, int minor, String remedy, String... command) {
    var line = Shell.firstLine(command);
    if (line == null) {
      return new Finding.Missing(name, "not found", remedy);
    }
    var version = VERSION.matcher(line);
    if (!version.find()) {
      return new Finding.Missing(name, line, remedy);
    }
    var found = Integer.parseInt(version.group(1)) * 1000 + Integer.parseInt(version.group(2));
    return found >= major * 1000 + minor
        ? new Finding.Good(name, version.group())
        : new Finding.Missing(name, version.group(), remedy);
  }
}
