package dev.berth.standalone.cli;

import dev.berth.standalone.setup.Doctor;
import dev.berth.standalone.setup.Finding;
import dev.berth.standalone.setup.Project;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code berth doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Finds what is missing or broken, and says what to do about it.")
final class DoctorCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    var missing = 0;
    for (var finding : new Doctor(Project.ofEnvironment(), System.getenv()).examine()) {
      System.out.println(
          switch (finding) {
            case Finding.Good(var name, var detail) -> "✔ %-14s %s".formatted(name, detail);
            case Finding.Poor(var name, var detail, var remedy) ->
                "! %-14s %s%n                 Remedy: %s".formatted(name, detail, remedy);
            case Finding.Missing(var name, var detail, var remedy) ->
                "✘ %-14s %s%n                 Remedy: %s".formatted(name, detail, remedy);
          });
      missing += finding instanceof Finding.Missing ? 1 : 0;
    }
    return missing == 0 ? ExitCode.OK : ExitCode.AGENT_ERROR;
  }
}
