package dev.berth.tests.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.reconcile.ReconcileHostWorkflowImpl;
import dev.berth.workflows.session.SessionWorkflowImpl;
import dev.berth.workflows.testing.RecordedHistories;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sessions that ran before must go on under today's code. A history that does not replay means that
 * the order of commands changed: add a version marker (CONTRIBUTING.md), never a new recording
 * alone.
 */
@Timeout(60)
class ReplayTest {
  private static final Path HISTORIES = Path.of("src/test/resources/histories");
  private static final Path WORKFLOWS = Path.of("../workflows/src/main/java");

  /** A busy run is over after 200 turns, which are 5 MB: {@code LongSessionTest} has them. */
  private static final Set<String> WITHOUT_HISTORY = Set.of("continues-busy");

  private static final Pattern GET_VERSION = Pattern.compile("getVersion\\(\\s*(\\w+),");

  static Stream<Path> histories() throws IOException {
    try (var files = Files.list(HISTORIES)) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("histories")
  void aRecordedHistoryReplays(Path history) throws Exception {
    replay(Files.readString(history));
  }

  @Test
  void thereIsAHistoryOfEveryKindOfSession() throws IOException {
    assertThat(histories().map(file -> file.getFileName().toString()).toList())
        .containsAll(
            List.of(
                "session-turns.json",
                "session-recovery.json",
                "session-interrupt.json",
                "session-idle.json",
                "session-snapshots.json",
                "session-superseded.json",
                "session-snapshots-in-turns.json",
                "session-approvals.json",
                "session-permits.json",
                "session-cut-in-recovery.json",
                "semaphore.json",
                "reconcile.json"));
  }

  /** What a marker decides is shown by a session that met it. */
  @Test
  void thereIsAHistoryOfEveryVersionMarker() throws IOException {
    var recorded = new TreeSet<String>();
    for (var file : histories().toList()) {
      recorded.addAll(
          RecordedHistories.markers(WorkflowExecutionHistory.fromJson(Files.readString(file))));
    }

    assertThat(recorded).containsAll(markersOfTheCode());
    assertThat(recorded).doesNotContainAnyElementsOf(WITHOUT_HISTORY);
  }

  /** The change ids that workflow code asks for, each a constant of the same file. */
  private static Set<String> markersOfTheCode() throws IOException {
    var markers = new TreeSet<String>();
    try (var files = Files.walk(WORKFLOWS)) {
      for (var file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        var code = Files.readString(file);
        GET_VERSION
            .matcher(code)
            .results()
            .map(call -> constant(code, call.group(1)))
            .filter(marker -> !WITHOUT_HISTORY.contains(marker))
            .forEach(markers::add);
      }
    }
    assertThat(markers).hasSizeGreaterThan(10);
    return markers;
  }

  private static String constant(String code, String name) {
    var value = Pattern.compile("String " + name + " =\\s+\"([^\"]+)\"").matcher(code);
    assertThat(value.find()).as(name).isTrue();
    return value.group(1);
  }

  /** Proves that the replay would notice. */
  @Test
  void aHistoryWhoseCommandsWereReorderedDoesNotReplay() throws IOException {
    var history = Files.readString(HISTORIES.resolve("session-turns.json"));
    var broken = history.replace("\"SessionAllocate\"", "\"SessionRecord\"");
    assertThat(broken).isNotEqualTo(history);

    assertThatThrownBy(() -> replay(broken)).hasStackTraceContaining("NonDeterministicException");
  }

  private static void replay(String history) throws Exception {
    var environment =
        TestWorkflowEnvironment.newInstance(
            TestEnvironmentOptions.newBuilder()
                .setWorkflowClientOptions(
                    WorkflowClientOptions.newBuilder()
                        .setDataConverter(TemporalPayloads.converter())
                        .build())
                .build());
    try (environment) {
      var worker = environment.newWorker(TaskQueues.SESSIONS);
      worker.registerWorkflowImplementationTypes(
          SessionWorkflowImpl.class,
          ReconcileHostWorkflowImpl.class,
          DeveloperSemaphoreWorkflowImpl.class);
      WorkflowReplayer.replayWorkflowExecution(WorkflowExecutionHistory.fromJson(history), worker);
    }
  }
}
