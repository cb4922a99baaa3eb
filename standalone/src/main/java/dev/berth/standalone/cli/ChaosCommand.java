package dev.berth.standalone.cli;

import dev.berth.standalone.chaos.Chaos;
import dev.berth.standalone.chaos.ChaosReport;
import dev.berth.standalone.chaos.Component;
import dev.berth.standalone.chaos.Goal;
import dev.berth.standalone.chaos.ReportPart;
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
      "Runs sessions on a platform of its own and strikes parts under them, then looks what became of them.",
      "Most strikes kill a process; some stop it for a while, and some cut the client off.",
      "Exit status 1 when anything was lost, repeated or left behind, or too little could be killed."
    })
final class ChaosCommand implements Callable<Integer> {
  /** Lost model requests are left to their api node for a minute, then a sweep settles them. */
  private static final Duration SETTLE = Duration.ofMinutes(4);

  @Spec private CommandSpec spec;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description = {
        "Goes on until so many processes were killed, in rounds of three sessions (default: ${DEFAULT-VALUE}).",
        "Pauses, disconnects and strikes that find nothing come beside them and do not count."
      })
  private int kills = 20;

  @Option(
      names = "--component",
      paramLabel = "C",
      description = {
        "Only this: ${COMPLETION-CANDIDATES}; may be given again.",
        "Without it all but docker, whose death other users of this machine would notice."
      })
  private List<Component> only = new ArrayList<>();

  @Option(
      names = "--sweep",
      description = {
        "Kills each part once right after each event of each reference session, in a mixed order, until all had",
        "their turn or --kills are reached; without it each strike has a random moment."
      })
  private boolean sweep;

  @Option(names = "--seed", paramLabel = "S", description = "Repeats a run's strikes.")
  private @Nullable Long seed;

  @Option(
      names = "--round",
      paramLabel = "N",
      description = {
        "Begins with this round of the seed; the report names the round of each finding.",
        "Give the same --component and --sweep as that run."
      })
  private @Nullable Integer round;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where the report goes, as Markdown, and beside it as FILE.json.")
  private @Nullable Path report;

  @Option(
      names = "--append",
      paramLabel = "FILE",
      description = {
        "Goes on where the report in FILE ends, with its seed; with --sweep, where the sweep over the same",
        "--component ended."
      })
  private @Nullable Path append;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    var project = Project.ofEnvironment();
    var file = file(project);
    var components =
        only.isEmpty()
            ? Arrays.stream(Component.values()).filter(Component::isUsual).toList()
            : only;
    var result = begin(file, project.commit(), components);
    var steps = new Steps(System.err, project.home().log("setup"));
    var image = new SetUp(project, System.getenv(), steps).run();
    System.err.printf("… seed %d%n", result.seed());
    var progress = System.err;
    var goal = Goal.of(kills);
    boolean settled;
    var isSwept = false;
    try (var chaos = Chaos.start(project, image, progress)) {
      if (sweep) {
        result = result.over(chaos.events(result.seed()));
      }
      while (!isSwept && (sweep ? !goal.isReached() : !goal.isOver())) {
        var trials =
            sweep
                ? chaos.sweep(result.seed(), result.next(), components)
                : chaos.round(result.seed(), result.next(), components);
        isSwept = trials.isEmpty();
        goal = goal.after(trials);
        result = result.plus(trials);
        result.write(file);
        trials.stream()
            .filter(trial -> !trial.findings().isEmpty())
            .forEach(trial -> System.err.println("  ✘ " + trial.describe()));
      }
      settled = chaos.settles(SETTLE);
    }
    System.out.println(result.summary());
    System.out.println(settled ? "All requests are accounted for." : "Not everything settled.");
    if (isSwept) {
      System.out.println(
          "The sweep is over; the report says between which events what was killed.");
    } else if (!goal.isReached()) {
      System.out.printf(
          "%d rounds killed nothing; %d kills are missing.%n", goal.inVain(), goal.missing());
    }
    System.err.println("Report: " + file);
    return settled && (goal.isReached() || isSwept) && result.failures() == 0
        ? ExitCode.OK
        : ExitCode.AGENT_ERROR;
  }

  private void check() {
    if (kills < 1) {
      throw new ParameterException(
          spec.commandLine(), "--kills: %d (expected: at least 1)".formatted(kills));
    }
    if (append != null && (report != null || seed != null || round != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--append has the report's own file, seed and next round (expected: it alone)");
    }
    if (round != null && (round < 0 || seed == null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--round: %d (expected: at least 0, and the --seed that it is of)".formatted(round));
    }
  }

  private Path file(Project project) {
    return append != null
        ? append
        : report != null ? report : project.home().root().resolve("chaos/report.md");
  }

  private ChaosReport begin(Path file, @Nullable String commit, List<Component> components)
      throws IOException {
    if (append == null) {
      return ChaosReport.of(
          ReportPart.begin(
              seed == null ? ThreadLocalRandom.current().nextInt(1_000_000) : seed,
              commit,
              components,
              round == null ? 0 : round));
    }
    var earlier = ChaosReport.read(file);
    if (earlier == null) {
      throw new StartFailure(
          "There is no report in %s.json to go on from.".formatted(file),
          "Begin one with --report %s.".formatted(file));
    }
    return sweep ? earlier.sweptOnWith(commit, components) : earlier.goneOnWith(commit, components);
  }
}
