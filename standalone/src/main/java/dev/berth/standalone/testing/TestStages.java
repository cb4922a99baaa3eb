package dev.berth.standalone.testing;

import dev.berth.practicemodel.PracticeModel;
import dev.berth.standalone.chaos.Chaos;
import dev.berth.standalone.chaos.Component;
import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The stages of {@code berth test}. Each writes a log of its own and reads the reports of its tool.
 */
public final class TestStages {
  /** Two of each part; a longer run is `./berth chaos`. */
  private static final int KILLS = 18;

  private static final long SEED = 1;

  private final Project project;
  private final String image;

  /**
   * @param image the sandbox image that the end-to-end tests use
   */
  public TestStages(Project project, String image) {
    this.project = project;
    this.image = image;
  }

  /** In the order in which they run: what fails fast comes first. */
  public enum Stage {
    FORMAT("formatting of the Java sources"),
    BRIDGE_CHECK("bridge: types, lint, generated files"),
    BRIDGE("bridge: unit tests"),
    CONFORMANCE("bridge: what Berth relies on in the Agent SDK"),
    JAVA("Java: unit, workflow, replay, architecture, end to end"),
    SANDBOX("bridge: in real sandboxes, with the real Agent SDK"),
    CHAOS("parts killed under running sessions");

    private final String title;

    Stage(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  public TestCounts run(Stage stage) throws IOException, InterruptedException {
    return switch (stage) {
      case FORMAT -> check(stage, project.root(), List.of("mvn", "-B", "-q", "spotless:check"));
      case BRIDGE_CHECK -> check(stage, bridge(), List.of("npm", "run", "--silent", "check"));
      case BRIDGE -> vitest(stage, "test", Map.of());
      case CONFORMANCE -> conformance(stage);
      case JAVA -> java(stage);
      case SANDBOX -> vitest(stage, "test:sandbox", Map.of());
      case CHAOS -> chaos(stage);
    };
  }

  /** A stage that has one result. */
  private TestCounts check(Stage stage, Path folder, List<String> command)
      throws IOException, InterruptedException {
    return exec(stage, folder, command, Map.of()) == 0
        ? TestCounts.passing(1)
        : TestCounts.failing("%s: look at %s".formatted(String.join(" ", command), log(stage)));
  }

  private TestCounts java(Stage stage) throws IOException, InterruptedException {
    var since = FileTime.from(Instant.now());
    var build = project.home().root().resolve("build");
    var status =
        exec(
            stage,
            project.root(),
            List.of(
                "mvn",
                "-B",
                "-fae",
                "-Dberth.build=" + build,
                "-Dtest.groups.excluded=record",
                "-Dberth.project=" + project.root(),
                "-Dberth.test-home=" + project.home().root().resolve("test"),
                "-Dberth.cache=" + project.home().cache(),
                "-Dberth.sandbox-image=" + image,
                "-Dberth.agent-sdk=" + bridge(),
                "test"),
            Map.of());
    var counts = TestReports.surefire(build, since);
    return status != 0 && counts.failed() == 0
        ? counts.plus(TestCounts.failing("the build: look at " + log(stage)))
        : counts;
  }

  private TestCounts chaos(Stage stage) throws IOException, InterruptedException {
    var components = Arrays.stream(Component.values()).filter(Component::isUsual).toList();
    var counts = TestCounts.NONE;
    try (var progress = new PrintStream(log(stage).toFile(), StandardCharsets.UTF_8);
        var chaos = Chaos.start(project, image, progress)) {
      for (var kill = 0; kill < KILLS; kill++) {
        var trial = chaos.trial(SEED, kill, components);
        counts =
            counts.plus(
                trial.findings().isEmpty()
                    ? TestCounts.passing(1)
                    : TestCounts.failing(
                        "trial %d of seed %d, %s under %s: %s"
                            .formatted(
                                kill,
                                SEED,
                                trial.component(),
                                trial.reference(),
                                String.join("; ", trial.findings()))));
      }
    }
    return counts;
  }

  private TestCounts conformance(Stage stage) throws IOException, InterruptedException {
    try (var model = PracticeModel.start("127.0.0.1", 0)) {
      var environment = Map.of("BERTH_PRACTICE_MODEL", model.baseUrl().toString());
      return vitest(stage, "test:conformance", environment);
    }
  }

  private TestCounts vitest(Stage stage, String script, Map<String, String> environment)
      throws IOException, InterruptedException {
    var report =
        project.home().logs().resolve("test-" + stage.name().toLowerCase(Locale.ROOT) + ".json");
    Files.deleteIfExists(report);
    var status =
        exec(
            stage,
            bridge(),
            List.of(
                "npm",
                "run",
                "--silent",
                script,
                "--",
                "--reporter=default",
                "--reporter=json",
                "--outputFile=" + report),
            environment);
    if (!Files.exists(report)) {
      return TestCounts.failing("npm run %s: look at %s".formatted(script, log(stage)));
    }
    var counts = TestReports.vitest(report);
    return status != 0 && counts.failed() == 0
        ? counts.plus(TestCounts.failing("npm run %s: look at %s".formatted(script, log(stage))))
        : counts;
  }

  /** A copy of the bridge's sources with its packages, so that the checkout stays as it is. */
  private Path bridge() throws IOException, InterruptedException {
    var copy = project.home().root().resolve("build/checkout");
    var bridge = copy.resolve("bridge-container");
    Files.createDirectories(copy);
    var script =
        """
        set -e
        mkdir -p bridge-container schema
        find bridge-container -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
        (cd "$1/bridge-container" && tar -cf - --exclude=./node_modules --exclude=./dist .) | tar -xf - -C bridge-container
        rm -rf schema/protocol && mkdir schema/protocol
        # Without build output: the reports in it would be counted with those of this run.
        (cd "$1/schema/protocol" && tar -cf - --exclude=./target .) | tar -xf - -C schema/protocol
        cd bridge-container
        sum=$(sha256sum package-lock.json)
        if [ "$(cat node_modules/.berth 2>/dev/null)" != "$sum" ]; then
          # Not npm ci: it refuses a lock file without the linter's binaries for other systems.
          npm install --no-save --no-fund --no-audit
          echo "$sum" > node_modules/.berth
        fi
        """;
    var builder =
        new ProcessBuilder("bash", "-c", script, "bridge", project.root().toString())
            .directory(copy.toFile())
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(project.home().log("test-bridge").toFile()));
    if (builder.start().waitFor() != 0) {
      throw new IOException(
          "the bridge's packages cannot be installed: look at "
              + project.home().log("test-bridge"));
    }
    return bridge;
  }

  private int exec(Stage stage, Path folder, List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(new ArrayList<>(command))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log(stage).toFile());
    builder.environment().put("BERTH_HOME", project.home().root().toString());
    builder.environment().putAll(environment);
    return builder.start().waitFor();
  }

  private Path log(Stage stage) {
    return project.home().log("test-" + stage.name().toLowerCase(Locale.ROOT));
  }
}
