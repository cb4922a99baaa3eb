package dev.berth.standalone.cli;

import dev.berth.standalone.chaos.Chaos;
import dev.berth.standalone.chaos.ChaosReport;
import dev.berth.standalone.chaos.Component;
import dev.berth.standalone.platform.StartFailure;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code berth chaos}. */
@Command(
    name = "chaos",
    mixinStandardHelpOptions = true,
    description = {
      "Runs sessions on a platform of its own and kills a part under each, then looks what became of them.",
      "Exit status 1 when anything was lost, repeated or left behind."
    })
final class ChaosCommand implements Callable<Integer> {
  /** Lost model requests are left to their api node for a minute, then a sweep settles them. */
  private static final Duration SETTLE = Duration.ofMinutes(4);

  @Spec private CommandSpec spec;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description =
          "At least so many kills, in rounds of three sessions (default: ${DEFAULT-VALUE}).")
  private int kills = 20;

  @Option(
      names = "--component",
      paramLabel = "C",
      description = {
        "Only this: ${COMPLETION-CANDIDATES}; may be given again.",
        "Without it all but docker, whose death other users of this machine would notice."
      })
  private List<Component> only = new ArrayList<>();

  @Option(names = "--seed", paramLabel = "S", description = "Repeats a run's kills.")
  private @Nullable Long seed;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where the report goes, as Markdown, and beside it as FILE.json.")
  private @Nullable Path report;

  @Option(
      names = "--append",
      paramLabel = "FILE",
      description = "Goes on where the report in FILE ends, with its seed.")
  private @Nullable Path append;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var project = Project.ofEnvironment();
    var file = file(project);
    var result = begin(file);
    var steps = new Steps(System.err, project.home().log("setup"));
    var image = new SetUp(project, System.getenv(), steps).run();
    var components =
        only.isEmpty()
            ? Arrays.stream(Component.values()).filter(Component::isUsual).toList()
            : only;
    System.err.printf("… seed %d%n", result.seed());
    var progress = System.err;
    boolean settled;
    try (var chaos = Chaos.start(project, image, progress)) {
      var enough = result.kills() + kills;
      // A round that finds nothing to strike must not go on for ever.
      for (var rounds = 0; rounds < kills && result.kills() < enough; rounds++) {
        var round = chaos.round(result.seed(), result.next(), components);
        result = result.plus(round);
        result.write(file);
        round.stream()
            .filter(trial -> !trial.findings().isEmpty())
            .forEach(trial -> System.err.println("  ✘ " + trial.describe()));
      }
      settled = chaos.settles(SETTLE);
    }
    System.out.println(result.summary());
    System.out.println(settled ? "All requests are accounted for." : "Not everything settled.");
    System.err.println("Report: " + file);
    return settled && result.failures() == 0 ? ExitCode.OK : ExitCode.AGENT_ERROR;
  }

  private Path file(Project project) {
    if (kills < 1) {
      throw new ParameterException(
          spec.commandLine(), "--kills: %d (expected: at least 1)".formatted(kills));
    }
    if (append != null && (report != null || seed != null)) {
      throw new ParameterException(
          spec.commandLine(), "--append has the report's own file and seed (expected: it alone)");
    }
    return append != null
        ? append
        : report != null ? report : project.home().root().resolve("chaos/report.md");
  }

  private ChaosReport begin(Path file) throws IOException {
    if (append == null) {
      return new ChaosReport(
          seed == null ? ThreadLocalRandom.current().nextInt(1_000_000) : seed, List.of());
    }
    var earlier = ChaosReport.read(file);
    if (earlier == null) {
      throw new StartFailure(
          "There is no report in %s.json to go on from.".formatted(file),
          "Begin one with --report %s.".formatted(file));
    }
    return earlier;
  }
}
