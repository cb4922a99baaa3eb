package dev.berth.standalone.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a run knows what it ran. */
class ProjectTest {
  @TempDir private Path checkout;

  @BeforeEach
  void needsGit() {
    assumeThat(Shell.firstLine("git", "--version")).as("git is not installed").isNotNull();
  }

  @Test
  void aCommitAndWhetherThereAreChangesAreTold() throws IOException {
    git("init", "-q");
    Files.writeString(checkout.resolve("a"), "one");
    git("add", "-A");
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "First");
    var commit = Shell.firstLine("git", "-C", checkout.toString(), "rev-parse", "--short", "HEAD");

    assertThat(project().commit()).isEqualTo(commit);

    Files.writeString(checkout.resolve("a"), "two");
    assertThat(project().commit()).isEqualTo(commit + "+changes");
  }

  @Test
  void aReportMakesNoOtherCommitOfIt() throws IOException {
    git("init", "-q");
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "First");

    Files.createDirectories(checkout.resolve("docs/reports"));
    Files.writeString(checkout.resolve("docs/reports/chaos.md"), "# Kill matrix");
    assertThat(project().commit()).isNotNull().doesNotContain("+");

    Files.writeString(checkout.resolve("New.java"), "class New {}");
    assertThat(project().commit()).isNotNull().endsWith("+changes");
  }

  @Test
  void whereThereIsNoCommitNoneIsTold() {
    assertThat(project().commit()).isNull();

    git("init", "-q");
    assertThat(project().commit()).isNull();
  }

  private Project project() {
    return new Project(checkout, BerthHome.at(checkout, checkout));
  }

  private void git(String... arguments) {
    var command = new String[arguments.length + 3];
    command[0] = "git";
    command[1] = "-C";
    command[2] = checkout.toString();
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    var _ = Shell.lines(command);
  }
}
