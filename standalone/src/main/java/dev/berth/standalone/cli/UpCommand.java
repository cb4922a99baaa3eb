package dev.berth.standalone.cli;

import dev.berth.standalone.platform.Platform;
import dev.berth.standalone.platform.PlatformOptions;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code berth up}: the platform, in the foreground. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts the platform and stays with it; Ctrl-C ends it.")
final class UpCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65_535;

  /** Somebody who tries Berth out looks at a sandbox after its client has left. */
  private static final Map<String, String> LINGER = Map.of("SESSION_COMPLETION_LINGER", "10m");

  @Spec private CommandSpec spec;

  @Option(
      names = "--split",
      description = "Every part as a process of its own: api, worker, S3, PostgreSQL, Temporal.")
  private boolean split;

  @Option(
      names = "--apis",
      paramLabel = "N",
      description = "With --split: api processes (default: ${DEFAULT-VALUE}).")
  private int apis = 1;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "With --split: worker processes, each a host of its own (default: ${DEFAULT-VALUE}).")
  private int workers = 1;

  @Option(
      names = "--port",
      paramLabel = "PART=PORT",
      description = {
        "Port of a part: ${COMPLETION-CANDIDATES:-api, worker, s3, postgres, practice_model, temporal, temporal_ui}.",
        "0 takes a free one. Without it the usual port is taken, or a free one when that is taken."
      })
  private Map<Part, Integer> ports = new EnumMap<>(Part.class);

  @Override
  public Integer call() throws InterruptedException {
    requireSaneNumbers();
    var started = System.nanoTime();
    var project = Project.ofEnvironment();
    var environment = System.getenv();
    var steps = new Steps(System.out, project.home().log("setup"));
    var image = new SetUp(project, environment, steps).run();
    var options =
        new PlatformOptions(
            ports,
            split ? apis : 0,
            split ? workers : 0,
            image,
            environment.keySet().containsAll(LINGER.keySet()) ? Map.of() : LINGER);
    var platform = Platform.start(project.home(), options, environment);
    var end = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              platform.close();
              end.countDown();
            }));
    show(platform, (System.nanoTime() - started) / 1_000_000);
    end.await();
    return ExitCode.OK;
  }

  private void requireSaneNumbers() {
    ports.forEach((part, port) -> {
      if (port < 0 || port > LAST_PORT) {
        throw new ParameterException(
            spec.commandLine(),
            "--port: %s=%d (expected: 0 to %d)".formatted(part, port, LAST_PORT));
      }
    });
    if (apis < 1 || workers < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--apis: %d, --workers: %d (expected: at least 1)".formatted(apis, workers));
    }
  }

  private static void show(Platform platform, long millis) {
    System.out.printf("Berth is up (%.1f s).%n", millis / 1000.0);
    platform.parts().forEach(part -> System.out.println("  " + part));
    if (platform.connection().developmentTemporal()) {
      System.out.println(DevelopmentTemporalNote.TEXT);
    }
    if (platform.connection().practiceModel()) {
      System.out.println(PracticeNote.TEXT);
    }
    System.out.flush();
  }
}
