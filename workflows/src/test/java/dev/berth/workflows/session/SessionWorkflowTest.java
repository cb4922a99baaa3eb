package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.CLOSED;
import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.protocol.event.StopReason.RETRIES_EXHAUSTED;
import static dev.berth.protocol.event.StopReason.SANDBOX_FAILED;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.message;
import static dev.berth.workflows.session.RunningSession.turn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.workflows.ports.WorkspaceActivities;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.SandboxEndedInput;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowStub;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionWorkflowTest {
  private RunningSession running;
  private FakeSessionActivities database;
  private FakeHostActivities host;
  private SessionWorkflow workflow;

  @BeforeEach
  void start() {
    start(RunningSession.HOST);
  }

  private void start(HostId... hosts) {
    running = RunningSession.start(hosts);
    database = running.database();
    host = running.host();
    workflow = running.workflow();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void startsTheSandboxWhileTheUserStillTypes() {
    workflow.openSession(new OpenInput("c1"));

    eventually(() -> host.log().contains("start 1"));
    eventually(() -> workflow.status().phase() instanceof Phase.Idle);
    assertThat(database.events())
        .contains(
            new SessionEvent.StatusChanged(SessionStatus.QUEUED, "provisioning"),
            new SessionEvent.StatusChanged(SessionStatus.IDLE, "new"));
  }

  @Test
  void runsMessagesInOrderAndEachOnce() {
    host.nextTurn(new TurnBehaviour.Waits());
    var first = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));
    var second = message();
    var third = message();

    assertThat(workflow.submitMessage(new SubmitInput(second, 1, false)).position()).isEqualTo(1);
    assertThat(workflow.submitMessage(new SubmitInput(third, 1, false)).position()).isEqualTo(2);
    var again = workflow.submitMessage(new SubmitInput(second, 1, false));
    host.finish(turn(first), END_TURN);

    assertThat(again.repeated()).isTrue();
    assertThat(again.position()).isEqualTo(1);
    eventually(() -> database.ends().size() == 3);
    assertThat(database.ends().keySet()).containsExactly(turn(first), turn(second), turn(third));
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "turn 2 on 1", "turn 3 on 1");
  }

  @Test
  void makesTheFilesSafeAfterEachTurn() {
    var first = submit();
    eventually(() -> database.ends().size() == 1);
    eventually(() -> host.snapshots().size() == 1);
    var second = submit();
    eventually(() -> host.snapshots().size() == 2);

    assertThat(host.snapshots()).containsExactly(turn(first), turn(second));
  }

  @Test
  void makesTheFilesSafeNowAndThenWhileATurnRuns() throws Exception {
    stop();
    running = RunningSession.start(firstSnapshotAfter(Duration.ofMillis(200)), RunningSession.HOST);
    host = running.host();
    workflow = running.workflow();
    host.nextTurn(new TurnBehaviour.Waits());
    var turn = turn(submit());

    host.awaitRunningSnapshots(2);
    host.finish(turn, END_TURN);
    eventually(() -> host.snapshots().size() == 1);

    assertThat(host.runningSnapshots()).containsOnly(turn);
    assertThat(host.snapshots()).containsExactly(turn);
  }

  @Test
  void aShortTurnIsMadeSafeAtItsEndOnly() {
    submit();
    eventually(() -> host.snapshots().size() == 1);

    assertThat(host.runningSnapshots()).isEmpty();
  }

  private static SessionPolicy firstSnapshotAfter(Duration time) {
    var usual = SessionPolicy.DEFAULT;
    return SessionPolicy.withTimes(
        usual.idle(), usual.completionLinger(), usual.outage(), usual.background(), time);
  }

  @Test
  void aMessageDoesNotWaitForASnapshotAndTheNextSnapshotIsOfTheLatestTurn() {
    var slow = new CompletableFuture<WorkspaceActivities.Outcome>();
    host.nextSnapshot(slow);
    var first = submit();
    eventually(() -> host.snapshots().size() == 1);

    submit();
    var third = submit();
    eventually(() -> database.ends().size() == 3 && workflow.status().running() == null);
    assertThat(host.snapshots()).containsExactly(turn(first));
    slow.complete(WorkspaceActivities.Outcome.CRASH_CONSISTENT);

    eventually(() -> host.snapshots().size() == 2);
    assertThat(host.snapshots()).containsExactly(turn(first), turn(third));
  }

  @Test
  void aMessageEndsTheWaitOfAnIdleSessionAndItsTimer() {
    submit();
    eventually(
        () -> workflow.status().phase() instanceof Phase.Idle && database.ends().size() == 1);
    submit();
    eventually(
        () -> workflow.status().phase() instanceof Phase.Idle && database.ends().size() == 2);

    assertThat(timers())
        .endsWith(
            "EVENT_TYPE_TIMER_STARTED", "EVENT_TYPE_TIMER_CANCELED", "EVENT_TYPE_TIMER_STARTED");
  }

  @Test
  void saysNothingOfAnIdleSessionThatTheEndOfTheTurnHasSaid() {
    host.nextTurn(new TurnBehaviour.EndsIdle(END_TURN));
    submit();
    eventually(() -> database.ends().size() == 1);
    eventually(() -> workflow.status().phase() instanceof Phase.Idle);

    host.nextTurn(new TurnBehaviour.Ends(END_TURN));
    submit();
    eventually(() -> database.ends().size() == 2);
    eventually(() -> workflow.status().phase() instanceof Phase.Idle);

    assertThat(database.events())
        .containsOnlyOnce(new SessionEvent.StatusChanged(SessionStatus.IDLE, "end_turn"));
  }

  @Test
  void removesTheSandboxAfterTheIdleTimeAndBringsANewOneWithTheNextMessage() {
    submit();
    eventually(() -> database.ends().size() == 1);

    running.environment().sleep(SessionPolicy.DEFAULT.idle().plusMinutes(1));
    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    submit();

    eventually(() -> database.ends().size() == 2);
    assertThat(host.log())
        .containsExactly("start 1", "turn 1 on 1", "stop 1: idle", "start 2", "turn 2 on 2");
  }

  @Test
  void g4WorkInTheBackgroundKeepsTheSandboxUntilItIsDone() {
    host.background(2);
    submit();
    eventually(() -> database.ends().size() == 1);

    running.environment().sleep(SessionPolicy.DEFAULT.idle().plusMinutes(1));
    eventually(() -> host.log().contains("spare 1"));
    assertThat(workflow.status().epoch()).isEqualTo(1);
    host.background(0);
    running.environment().sleep(Duration.ofMinutes(6));

    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "spare 1", "stop 1: idle");
  }

  @Test
  void g4WorkInTheBackgroundKeepsTheSandboxNotBeyondItsBound() {
    host.background(1);
    submit();
    eventually(() -> database.ends().size() == 1);

    running.environment().sleep(SessionPolicy.DEFAULT.background().minusMinutes(1));
    eventually(() -> host.log().contains("spare 1"));
    assertThat(host.log()).doesNotContain("stop 1: idle");
    running.environment().sleep(Duration.ofMinutes(2));

    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    assertThat(host.log()).containsOnlyOnce("stop 1: idle");
  }

  @Test
  void g4AMessageIsRunInASandboxThatWasSpared() {
    host.background(1);
    submit();
    eventually(() -> database.ends().size() == 1);
    running.environment().sleep(SessionPolicy.DEFAULT.idle().plusMinutes(1));
    eventually(() -> host.log().contains("spare 1"));
    submit();

    eventually(() -> database.ends().size() == 2);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "spare 1", "turn 2 on 1");
  }

  @Test
  void takesUpATurnOnANewSandboxWhenItsSandboxIsLost() {
    host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.OOM_KILLED));
    var message = submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(host.log())
        .containsExactly("start 1", "turn 1 on 1", "start 2 after oom_killed", "turn 1 on 2");
    assertThat(database.events())
        .contains(
            new SessionEvent.StatusChanged(SessionStatus.RESCHEDULING, "oom_killed"),
            new SessionEvent.Rescheduled(SandboxEndReason.OOM_KILLED, 2),
            new SessionEvent.MessageSuperseded(null));
  }

  @Test
  void a12ATurnThatLosesEverySandboxBacksOffAndEndsAndTheSessionGoesOn() {
    for (var attempt = 0; attempt < SessionPolicy.DEFAULT.turnAttempts(); attempt++) {
      host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.KILLED));
    }
    var first = submit();
    eventually(() -> host.log().contains("turn 1 on 2"));
    running.environment().sleep(Duration.ofSeconds(15));
    eventually(() -> database.ends().containsKey(turn(first)));
    // Before the third, the fourth and the fifth.
    assertThat(timers()).filteredOn("EVENT_TYPE_TIMER_FIRED"::equals).hasSize(3);
    var second = submit();

    eventually(() -> database.ends().containsKey(turn(second)));
    assertThat(database.ends())
        .containsEntry(turn(first), RETRIES_EXHAUSTED)
        .containsEntry(turn(second), END_TURN);
  }

  @Test
  void aStartThatFailsForGoodFailsTheTurnAndNotTheSession() {
    host.failNextStart(new Problem(ProblemType.IMAGE_MISSING, "no image berth-sandbox:x"));
    var first = submit();
    eventually(() -> database.ends().containsKey(turn(first)));
    var second = submit();

    eventually(() -> database.ends().containsKey(turn(second)));
    assertThat(database.ends())
        .containsEntry(turn(first), SANDBOX_FAILED)
        .containsEntry(turn(second), END_TURN);
  }

  @Test
  void aStartThatFailsInPassingIsTriedAgain() {
    host.failNextStart(new Problem(ProblemType.SANDBOX_FAILED, "no bridge in time"));
    var message = submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(host.log()).containsExactly("start 1 failed", "start 1", "turn 1 on 1");
  }

  @Test
  void aStartThatAnotherEpochOvertookIsTriedUnderANewOne() {
    host.failNextStart(new Problem(ProblemType.SUPERSEDED, "another epoch came between"));
    var message = submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(host.log()).containsExactly("start 1 failed", "start 2", "turn 1 on 2");
  }

  @Test
  void aHostThatDoesNotAnswerIsAvoided() {
    stop();
    start(new HostId("host-lost"), RunningSession.HOST);
    var message = submit();
    running.environment().sleep(SessionPolicy.DEFAULT.hostAnswer().plusSeconds(30));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(host.log()).containsExactly("start 2", "turn 1 on 2");
  }

  @Test
  void anInterruptEndsTheRunningTurnAndTellsWhatStillWaits() {
    host.nextTurn(new TurnBehaviour.Waits());
    var first = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));
    var second = submit();

    var receipt = workflow.interrupt(new InterruptInput(null, false));

    assertThat(receipt.cut()).isEqualTo(first);
    assertThat(receipt.waiting()).containsExactly(second);
    eventually(() -> database.ends().size() == 2);
    assertThat(database.ends())
        .containsEntry(turn(first), INTERRUPTED)
        .containsEntry(turn(second), END_TURN);
  }

  @Test
  void anInterruptOfATurnWhoseStartFailsBringsNoOtherSandbox() {
    var start = new CompletableFuture<Void>();
    host.holdNextStart(start);
    var message = submit();
    eventually(() -> host.log().contains("start 1 begins"));
    workflow.interrupt(new InterruptInput(null, false));

    start.completeExceptionally(
        new ProblemException(ProblemType.SUPERSEDED, "another epoch came between"));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(host.log()).containsExactly("start 1 begins", "start 1 failed");
  }

  @Test
  void anInterruptThatFailsAtFirstIsSaidAgain() {
    host.failNextInterrupts(5);
    host.nextTurn(new TurnBehaviour.Waits());
    var message = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));

    workflow.interrupt(new InterruptInput(null, false));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(host.log()).filteredOn("interrupt on 1"::equals).hasSize(6);
  }

  @Test
  void anInterruptWithNothingToDoCutsNothing() {
    submit();
    eventually(() -> database.ends().size() == 1 && workflow.status().running() == null);

    var receipt = workflow.interrupt(new InterruptInput(null, false));

    assertThat(receipt.cut()).isNull();
    assertThat(receipt.waiting()).isEmpty();
    submit();
    eventually(() -> database.ends().size() == 2);
    assertThat(database.ends()).doesNotContainValue(INTERRUPTED);
  }

  @Test
  void aSandboxThatItsHostDoesNotStopIsAskedAboutAgainAndThenGivenUp() {
    submit();
    eventually(() -> database.ends().size() == 1);
    host.failStops();

    running.environment().sleep(SessionPolicy.DEFAULT.idle().plusMinutes(1));
    eventually(() -> host.log().contains("no stop 1"));
    assertThat(ends()).isEmpty();
    running.environment().sleep(SessionPolicy.DEFAULT.background());

    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    assertThat(ends()).containsExactly(SandboxEndReason.IDLE);
    submit();
    eventually(() -> host.log().contains("turn 2 on 2"));
  }

  private List<SandboxEndReason> ends() {
    return database.events().stream()
        .filter(SessionEvent.SandboxEnded.class::isInstance)
        .map(event -> ((SessionEvent.SandboxEnded) event).reason())
        .toList();
  }

  @Test
  void aSandboxThatEndsWhileNothingRunsIsReplacedByTheNextMessage() {
    submit();
    eventually(() -> database.ends().size() == 1 && workflow.status().running() == null);

    workflow.sandboxEnded(new SandboxEndedInput(1, SandboxEndReason.AGENT_HUNG));
    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    submit();

    eventually(() -> database.ends().size() == 2);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "start 2", "turn 2 on 2");
  }

  @Test
  void carriesEverythingOverWhenItContinuesAsNew() {
    workflow.openSession(new OpenInput("c1"));
    var first = submit();
    eventually(() -> database.ends().size() == 1);
    var run = describedRun();

    workflow.refresh();
    eventually(() -> !describedRun().equals(run));
    var again = workflow.submitMessage(new SubmitInput(first, 1, false));
    submit();

    assertThat(again.repeated()).isTrue();
    eventually(() -> database.ends().size() == 2);
    assertThat(workflow.status().turns()).isEqualTo(2);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "turn 2 on 1");
  }

  @Test
  void aClosedSessionEndsWhatWaitsAndRefusesMessages() {
    host.nextTurn(new TurnBehaviour.Waits());
    var first = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));
    var second = submit();

    workflow.close(new CloseInput("deleted"));
    WorkflowStub.fromTyped(workflow).getResult(Void.class);

    assertThat(database.ends())
        .containsEntry(turn(first), INTERRUPTED)
        .containsEntry(turn(second), CLOSED);
    assertThat(host.log()).endsWith("stop 1: closed");
    assertThat(database.events())
        .contains(new SessionEvent.StatusChanged(SessionStatus.TERMINATED, "deleted"));
  }

  private MessageId submit() {
    return running.submit();
  }

  private String describedRun() {
    return running.describe().getExecution().getRunId();
  }

  /** What became of the session's timers, in order. */
  private List<String> timers() {
    return running
        .environment()
        .getWorkflowClient()
        .fetchHistory(running.workflowId())
        .getEvents()
        .stream()
        .map(event -> event.getEventType().name())
        .filter(type -> type.startsWith("EVENT_TYPE_TIMER"))
        .toList();
  }
}
