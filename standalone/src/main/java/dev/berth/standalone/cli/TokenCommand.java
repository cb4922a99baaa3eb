package dev.berth.standalone.cli;

import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.setup.Project;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code berth token}. */
@Command(
    name = "token",
    mixinStandardHelpOptions = true,
    description = "Mints an end-user token of the local project.")
final class TokenCommand implements Callable<Integer> {
  private static final Set<String> WINDOWS = Set.of("hour", "day", "week", "month", "lifetime");

  @Spec private CommandSpec spec;

  @Option(
      names = "--user",
      paramLabel = "ID",
      description = "The end user (default: ${DEFAULT-VALUE}).")
  private String user = "me";

  @Option(
      names = "--budget-ai",
      paramLabel = "MICRODOLLARS",
      description = "What the user may spend on models in a window (default: ${DEFAULT-VALUE}).")
  private long budgetAi = 10_000_000;

  @Option(
      names = "--budget-compute",
      paramLabel = "SECONDS",
      description =
          "How long the user's sandboxes may run in a window (default: ${DEFAULT-VALUE}).")
  private long budgetCompute = 36_000;

  @Option(
      names = "--window",
      paramLabel = "WINDOW",
      description = "hour, day, week, month or lifetime (default: ${DEFAULT-VALUE}).")
  private String window = "day";

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      description =
          "How long the token is good, as 90s, 30m, 12h or 7d (default: ${DEFAULT-VALUE}).",
      converter = DurationConverter.class)
  private Duration ttl = Duration.ofDays(1);

  @Override
  public Integer call() {
    if (!WINDOWS.contains(window)) {
      throw new ParameterException(
          spec.commandLine(),
          "--window: %s (expected: hour, day, week, month or lifetime)".formatted(window));
    }
    if (budgetAi < 0 || budgetCompute < 0) {
      throw new ParameterException(spec.commandLine(), "A budget cannot be negative.");
    }
    var connection = Connection.of(Project.ofEnvironment().home());
    if (connection == null) {
      System.err.println("✘ No platform is running.");
      System.err.println("  Remedy: ./berth up");
      return ExitCode.UNREACHABLE;
    }
    System.out.println(
        new EndUserToken(user, budgetAi, budgetCompute, window, ttl).mint(connection));
    return ExitCode.OK;
  }
}
