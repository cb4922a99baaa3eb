package dev.berth.standalone.cli;

import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.TemporalSource;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.SetUp;
import dev.berth.standalone.setup.Steps;
import java.io.IOException;
import java.nio.file.Files;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * What every bench does before it measures, and with what it found.
 *
 * @param image of the sandboxes
 */
record BenchStage(Project project, String image) {
  static BenchStage prepare(CommandSpec spec, int rounds) throws IOException {
    if (rounds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--rounds: %d (expected: at least 1)".formatted(rounds));
    }
    var project = Project.ofEnvironment();
    var steps = new Steps(System.err, project.home().log("setup"));
    var image = new SetUp(project, System.getenv(), steps).run();
    if (TemporalSource.of(project.home(), System.getenv()) instanceof TemporalSource.Development) {
      System.err.println(DevelopmentTemporalNote.TEXT);
    }
    if (Connection.of(project.home()) != null) {
      System.err.println(
          "! A platform runs in this home and takes its share of the machine; ./berth down ends it.");
    }
    return new BenchStage(project, image);
  }

  /**
   * Prints a report and writes its JSON.
   *
   * @param name of the file in the bench's home
   */
  int report(String name, String table, String json, boolean asJson) throws IOException {
    var file = project.home().root().resolve("bench").resolve(name);
    Files.writeString(file, json + "\n");
    System.out.println(asJson ? json : table);
    System.err.println("JSON: " + file);
    return ExitCode.OK;
  }
}
