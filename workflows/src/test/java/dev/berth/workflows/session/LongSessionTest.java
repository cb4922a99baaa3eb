package dev.berth.workflows.session;

import static dev.berth.workflows.session.RunningSession.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowNotFoundException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scenario B8: a session that goes on and on. {@code -Dberth.long-session.turns=10000} makes it
 * long; a few hundred turns are enough to see growth.
 */
class LongSessionTest {
  private static final Logger LOG = LoggerFactory.getLogger(LongSessionTest.class);

  private static final int TURNS = Integer.getInteger("berth.long-session.turns", 450);
  private static final int TURNS_PER_RUN = 100;

  /** Far below Temporal's limit of 51,200, for runs of 100 to 200 turns. */
  private static final int MOST_EVENTS = 8_000;

  /** What a run hands to the next: mostly the ids of its latest 200 messages. */
  private static final int MOST_BYTES = 16_384;

  /** The numbers of turns and requests get longer, and nothing else does. */
  private static final int DIGITS = 64;

  /** A run, as its history shows it. */
  private record Run(String id, String before, int events, int carriedBytes) {}

  @Test
  @Timeout(7_200)
  void b8HistoryAndStateOfAVeryLongSessionStayBounded() {
    try (var session = RunningSession.startCached(RunningSession.HOST)) {
      var began = System.nanoTime();
      for (var turn = 1; turn <= TURNS; turn++) {
        submit(session);
        var expected = turn;
        eventually(() -> session.database().ended() >= expected);
      }
      eventually(() -> session.workflow().status().running() == null);

      var runs = runs(session);
      LOG.info(
          "{} turns in {} s, {} runs; events a run: {} to {}; carried: {} bytes at most",
          TURNS,
          (System.nanoTime() - began) / 1_000_000_000,
          runs.size(),
          full(runs).stream().mapToInt(Run::events).min().orElse(0),
          full(runs).stream().mapToInt(Run::events).max().orElse(0),
          runs.stream().mapToInt(Run::carriedBytes).max().orElse(0));

      assertThat(session.workflow().status().turns()).isEqualTo(TURNS);
      assertThat(runs.size()).isBetween(TURNS / (2 * TURNS_PER_RUN), TURNS / TURNS_PER_RUN + 2);
      assertThat(runs)
          .allSatisfy(run -> {
            assertThat(run.events()).isLessThan(MOST_EVENTS);
            assertThat(run.carriedBytes()).isLessThan(MOST_BYTES);
          });
      assertThat(runs.getLast().carriedBytes())
          .isLessThan(runs.get(runs.size() - 2).carriedBytes() + DIGITS);
      assertThat(session.host().log().stream().filter(line -> line.startsWith("start"))).hasSize(1);
      assertThat(session.semaphore().status().granted()).isEqualTo(1);
    }
  }

  /**
   * The test server refuses an update that meets the end of a run. Api nodes begin the session's
   * workflow with the update then, which the test server cannot do for one that runs.
   */
  private static void submit(RunningSession session) {
    var message = RunningSession.message();
    eventually(() -> {
      try {
        session.workflow().submitMessage(new SubmitInput(message, 1, false));
        return true;
      } catch (WorkflowNotFoundException betweenRuns) {
        return false;
      }
    });
  }

  /** Those that were not cut short by the end of the test. */
  private static List<Run> full(List<Run> runs) {
    return runs.subList(0, runs.size() - 1);
  }

  /** All runs of the session, in order. */
  private static List<Run> runs(RunningSession session) {
    var client = session.environment().getWorkflowClient();
    var runs = new ArrayList<Run>();
    for (var id = session.describe().getExecution().getRunId(); !id.isEmpty(); ) {
      var run = run(client, session.workflowId(), id);
      runs.addFirst(run);
      id = run.before();
    }
    return runs;
  }

  private static Run run(WorkflowClient client, String workflow, String id) {
    var events = client.fetchHistory(workflow, id).getEvents();
    var started = events.stream().filter(HistoryEvent::hasWorkflowExecutionStartedEventAttributes);
    var attributes = started.findFirst().orElseThrow().getWorkflowExecutionStartedEventAttributes();
    return new Run(
        id,
        attributes.getContinuedExecutionRunId(),
        events.size(),
        attributes.getInput().getSerializedSize());
  }
}
