package dev.berth.standalone.cli;

import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import dev.berth.standalone.testing.TestCounts;
import dev.berth.standalone.testing.TestStages;
import dev.berth.standalone.testing.TestStages.Stage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code berth test}: every test there is. */
@Command(
    name = "test",
    mixinStandardHelpOptions = true,
    description = "Runs every test: unit, workflow, replay, architecture, bridge, end to end.",
    footer = "The last line is: N passed, N failed, N skipped")
final class TestCommand implements Callable<Integer> {
  @Option(
      names = "--only",
      paramLabel = "STAGE",
      description = "Only this stage: ${COMPLETION-CANDIDATES}; may be given again.")
  private List<Stage> only = new ArrayList<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    var project = Project.ofEnvironment();
    var steps = new Steps(System.out, project.home().log("setup"));
    var image = new SetUp(project, System.getenv(), steps).run();
    var stages = new TestStages(project, image, System.out);
    var total = TestCounts.NONE;
    for (var stage : only.isEmpty() ? List.of(Stage.values()) : only) {
      var started = System.nanoTime();
      System.out.printf("… %s%n", stage.title());
      var counts = stages.run(stage);
      total = total.plus(counts);
      System.out.printf(
          "%s %s: %s (%s)%n",
          counts.failed() == 0 ? "✔" : "✘",
          stage.title(),
          counts,
          minutes(Duration.ofNanos(System.nanoTime() - started)));
      counts.failures().forEach(failure -> System.out.println("    ✘ " + failure));
      counts.skips().forEach(skip -> System.out.println("    - skipped: " + skip));
    }
    System.out.println(total);
    return total.failed() == 0 ? ExitCode.OK : ExitCode.AGENT_ERROR;
  }

  private static String minutes(Duration elapsed) {
    return "%d:%02d".formatted(elapsed.toMinutes(), elapsed.toSecondsPart());
  }
}
