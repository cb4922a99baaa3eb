package dev.berth.standalone.cli;

import dev.berth.standalone.platform.StartFailure;
import java.util.concurrent.Callable;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./berth}. */
@Command(
    name = "berth",
    mixinStandardHelpOptions = true,
    version = "berth 0.1.0",
    description = "Claude Code agents as a service, on your own machine.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunCommand.class,
      UpCommand.class,
      DownCommand.class,
      StatusCommand.class,
      LogsCommand.class,
      DoctorCommand.class,
      TokenCommand.class,
      TestCommand.class,
      BenchCommand.class,
      ChaosCommand.class
    },
    footer = {
      "",
      "Try: ./berth run \"Create primes.py that prints the first ten primes, run it, and tell me the output\""
    })
public final class BerthCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("up")) {
      System.setProperty("logback.configurationFile", "logback-up.xml");
    }
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new BerthCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(BerthCommand::failed);
  }

  /** A failure that we know has a remedy; any other is a bug, and shows itself whole. */
  private static int failed(Exception failure, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (failure instanceof StartFailure known) {
      command.getErr().println("✘ " + known.getMessage());
      command.getErr().println("  Remedy: " + known.remedy());
      return ExitCode.UNREACHABLE;
    }
    throw failure;
  }
}
