package dev.berth.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** That what cannot be meant is refused before anything is started. */
class ChaosCommandTest {
  @Test
  void aRoundIsOneOfASeed() {
    assertThat(refusalOf("--round", "33")).contains("--round: 33 (expected: at least 0, and the");
    assertThat(refusalOf("--round", "-1", "--seed", "7")).contains("--round: -1 (expected:");
  }

  @Test
  void aReportThatIsGoneOnWithHasItsOwnSeedAndRound() {
    assertThat(refusalOf("--append", "report.md", "--round", "3")).contains("--append has the");
    assertThat(refusalOf("--append", "report.md", "--seed", "7")).contains("--append has the");
  }

  @Test
  void atLeastOneIsKilled() {
    assertThat(refusalOf("--kills", "0")).contains("--kills: 0 (expected: at least 1)");
  }

  private static String refusalOf(String... arguments) {
    var said = new StringWriter();
    var command = new CommandLine(new ChaosCommand()).setErr(new PrintWriter(said));

    assertThat(command.execute(arguments)).isEqualTo(CommandLine.ExitCode.USAGE);
    return said.toString();
  }
}
