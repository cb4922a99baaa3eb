package dev.berth.standalone.setup;

import dev.berth.standalone.platform.ResticSource;
import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.platform.TemporalBinaries;
import dev.berth.standalone.platform.TemporalSource;
import dev.berth.standalone.platform.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What Berth cannot make by itself. */
public final class Prerequisites {
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
    var name = "Temporal";
    return switch (TemporalSource.of(project.home(), environment)) {
      case TemporalSource.Elsewhere(var address, _) ->
          new Finding.Good(name, "at " + address + " (TEMPORAL_ADDRESS)");
      case TemporalSource.Built() -> new Finding.Good(name, "production server, built");
      case TemporalSource.ToBuild(var go) ->
          new Finding.Good(name, "production server, to be built with Go " + go);
      case TemporalSource.Development(var server) ->
          new Finding.Poor(
              name,
              "development server %s (`temporal` on the PATH), on an SQLite file: not for production"
                  .formatted(server),
              "install Go %s or newer (https://go.dev/dl), and the production server is built"
                  .formatted(TemporalSource.GO));
      case TemporalSource.Nowhere(var detail) ->
          new Finding.Missing(name, detail, TemporalSource.REMEDY);
    };
  }

  private Finding restic() {
    var name = "restic";
    return switch (ResticSource.of(project.home())) {
      case ResticSource.Built() -> new Finding.Good(name, "built");
      case ResticSource.ToBuild(var go) -> new Finding.Good(name, "to be built with Go " + go);
      case ResticSource.Installed(var version) -> new Finding.Good(name, version.toString());
      case ResticSource.Nowhere(var detail) ->
          new Finding.Poor(
              name,
              "none (%s): files of sessions are on this host only".formatted(detail),
              ResticSource.REMEDY);
    };
  }

  private Finding disk() {
    try {
      var home = project.home();
      Files.createDirectories(home.root());
      var free = Files.getFileStore(home.root()).getUsableSpace();
      var isSetUp =
          TemporalBinaries.in(home.cache().resolve("temporal")).exist()
              || Files.exists(home.root().resolve("data"));
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
    var version = Version.in(line);
    if (version == null) {
      return new Finding.Missing(name, line, remedy);
    }
    return version.isAtLeast(new Version(major, minor))
        ? new Finding.Good(name, version.toString())
        : new Finding.Missing(name, version.toString(), remedy);
  }
}
