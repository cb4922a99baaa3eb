package dev.berth.standalone.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a report is told where only the last lines of a run are left. */
class TestReportsTest {
  @TempDir Path folder;

  @Test
  void aFailureIsToldWithWhatBeganItAndItsFirstCause() throws IOException {
    surefire(
        """
        <testsuite>
          <testcase classname="dev.berth.OneTest" name="passes"/>
          <testcase classname="dev.berth.OneTest" name="fails">
            <error message="m" type="t">StartFailure: PostgreSQL does not start.
        	at somewhere
        Caused by: IllegalStateException: initdb
        	at elsewhere
        Caused by: IOException: no space
        	... 3 more</error>
          </testcase>
          <testcase classname="dev.berth.OneTest" name="asserts">
            <failure>AssertionFailedError:&#10;
        expected: 1
         but was: 2
        	at somewhere</failure>
          </testcase>
          <testcase classname="dev.berth.OneTest" name="waits"><skipped message="later"/></testcase>
        </testsuite>
        """);

    var counts = TestReports.surefire(folder, FileTime.fromMillis(0));

    assertThat(counts.passed()).isOne();
    assertThat(counts.failures())
        .containsExactly(
            "OneTest.fails: StartFailure: PostgreSQL does not start.; caused by: IOException: no space",
            "OneTest.asserts: AssertionFailedError: expected: 1 but was: 2");
    assertThat(counts.skips()).containsExactly("OneTest.waits: later");
  }

  @Test
  void aLongMessageIsCut() throws IOException {
    surefire(
        """
        <testsuite>
          <testcase classname="OneTest" name="fails"><error>%s</error></testcase>
        </testsuite>
        """
            .formatted("x".repeat(5_000)));

    assertThat(TestReports.surefire(folder, FileTime.fromMillis(0)).failures().getFirst())
        .hasSizeLessThan(400)
        .endsWith("x…");
  }

  @Test
  void aFailureInTheSandboxTestsIsToldWithItsMessage() throws IOException {
    var report = folder.resolve("report.json");
    Files.writeString(
        report,
        """
        {"testResults": [{"assertionResults": [
          {"fullName": "a b", "status": "failed", "failureMessages": ["Error: timed out\\n at x"]},
          {"fullName": "a c", "status": "passed"}]}]}
        """);

    assertThat(TestReports.vitest(report).failures()).containsExactly("a b: Error: timed out");
  }

  private void surefire(String report) throws IOException {
    Files.writeString(folder.resolve("TEST-OneTest.xml"), report);
  }
}
