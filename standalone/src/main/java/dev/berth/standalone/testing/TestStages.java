package dev.berth.standalone.testing;

import dev.berth.practicemodel.PracticeModel;
import dev.berth.standalone.chaos.Chaos;
import dev.berth.standalone.chaos.Component;
import dev.berth.standalone.platform.StartFailure;
import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The stages of {@code berth test}. Each writes a log of its own and reads the reports of its tool.
 */
public final class TestStages {
  /** Of strikes, 38 in all; a longer run is `./berth chaos`. */
  private static final int ROUNDS = 6;

  private static final long SEED = 1;

  /** What Maven says of a test JVM that ended before its tests; its report is missing then. */
  private static final String LOST_JVM = "The forked VM terminated";

  private final Project project;
  private final String image;
  private final PrintStream out;

  /**
   * @param image the sandbox image that the end-to-end tests use
   * @param out gets a line each minute of a long stage
   */
  public TestStages(Project project, String image, PrintStream out) {
    this.project = project;
    this.image = image;
    this.out = out;
  }

  /** In the order in which they run: what fails fast comes first. */
  public enum Stage {
    FORMAT("formatting of the Java sources", 5),
    BRIDGE_CHECK("bridge: types, lint, generated files", 5),
    BRIDGE("bridge: unit tests", 5),
    CONFORMANCE("bridge: what Berth relies on in the Agent SDK", 10),
    JAVA("Java: unit, workflow, replay, architecture, end to end", 65),
    SANDBOX("bridge: in real sandboxes, with the real Agent SDK", 10),
    CHAOS("parts killed under running sessions", 15);

    private final String title;
    private final Duration limit;

    Stage(String title, long minutes) {
      this.title = title;
      this.limit = Duration.ofMinutes(minutes);
    }

    /** Several times what the stage takes; one that takes longer hangs. */
    Duration limit() {
      return limit;
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
    return switch (exec(stage, folder, command, Map.of(), stage::title)) {
      case StageProcess.End.Exited(var status) when status == 0 -> TestCounts.passing(1);
      case StageProcess.End end -> incomplete(String.join(" ", command), end, stage);
    };
  }

  private TestCounts java(Stage stage) throws IOException, InterruptedException {
    var since = FileTime.from(Instant.now());
    var build = project.home().root().resolve("build");
    var end =
        exec(
            stage,
            project.root(),
            List.of(
                "mvn",
                "-B",
                "-fae",
                // A module whose tests fail does not keep those that stand on it from being tested.
                "-Dmaven.test.failure.ignore=true",
                "-Dberth.build=" + build,
                "-Dtest.groups.excluded=record",
                "-Dberth.project=" + project.root(),
                "-Dberth.test-home=" + project.home().root().resolve("test"),
                "-Dberth.cache=" + project.home().cache(),
                "-Dberth.sandbox-image=" + image,
                "-Dberth.agent-sdk=" + bridge(),
                "test"),
            Map.of(),
            () -> soFar(build, since));
    var counts = TestReports.surefire(build, since);
    var isWhole =
        end instanceof StageProcess.End.Exited(var status)
            && status == 0
            && !Files.readString(log(stage)).contains(LOST_JVM);
    return isWhole ? counts : counts.plus(incomplete("the build", end, stage));
  }

  private static String soFar(Path build, FileTime since) {
    try {
      return TestReports.surefire(build, since).toString();
    } catch (IOException unreadable) {
      // Reports are being written while they are read; the count at the end is the one that counts.
      return "a report is being written";
    }
  }

  private TestCounts incomplete(String what, StageProcess.End end, Stage stage) {
    var how =
        switch (end) {
          case StageProcess.End.Exited(var status) -> "exit status " + status;
          case StageProcess.End.TimedOut(var limit) ->
              "ended after %d min; the threads of its JVMs are in its log"
                  .formatted(limit.toMinutes());
        };
    return TestCounts.failing("%s, %s: look at %s".formatted(what, how, log(stage)));
  }

  private TestCounts chaos(Stage stage) throws IOException, InterruptedException {
    var components = Arrays.stream(Component.values()).filter(Component::isUsual).toList();
    var counts = TestCounts.NONE;
    try (var progress = new PrintStream(log(stage).toFile(), StandardCharsets.UTF_8);
        var chaos = Chaos.start(project, image, progress)) {
      var began = System.nanoTime();
      for (var round = 0; round < ROUNDS; round++) {
        if (System.nanoTime() - began > stage.limit().toNanos()) {
          return counts.plus(
              TestCounts.failing(
                  "%d of %d rounds of kills in %d min: look at %s"
                      .formatted(round, ROUNDS, stage.limit().toMinutes(), log(stage))));
        }
        for (var trial : chaos.round(SEED, round, components)) {
          counts =
              counts.plus(
                  trial.findings().isEmpty()
                      ? TestCounts.passing(1)
                      : TestCounts.failing(trial.describe()));
        }
        out.printf("… %d of %d rounds of kills%n", round + 1, ROUNDS);
      }
    } catch (StartFailure failed) {
      return counts.plus(TestCounts.failing("the platform does not start: " + failed.getMessage()));
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
    var end =
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
            environment,
            () -> "npm run " + script);
    var what = "npm run " + script;
    if (!Files.exists(report)) {
      return incomplete(what, end, stage);
    }
    var counts = TestReports.vitest(report);
    var isWhole =
        end instanceof StageProcess.End.Exited(var status) && (status == 0 || counts.failed() > 0);
    return isWhole ? counts : counts.plus(incomplete(what, end, stage));
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

  private StageProcess.End exec(
      Stage stage,
      Path folder,
      List<String> command,
      Map<String, String> environment,
      Supplier<String> soFar)
      throws IOException, InterruptedException {
    var all = new HashMap<>(environment);
    all.put("BERTH_HOME", project.home().root().toString());
    return new StageProcess(command, folder, stage.limit(), log(stage)).run(all, out, soFar);
  }

  private Path log(Stage stage) {
    return project.home().log("test-" + stage.name().toLowerCase(Locale.ROOT));
  }
}
