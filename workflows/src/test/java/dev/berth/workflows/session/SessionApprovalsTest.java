package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.turn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.ApprovalSource;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.SessionEvent.Rescheduled;
import dev.berth.workflows.session.SessionWorkflow.AnswerApprovalInput;
import dev.berth.workflows.session.SessionWorkflow.ApprovalsWaitingInput;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.api.enums.v1.EventType;
import io.temporal.client.WorkflowStub;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that wait for a person, as the session sees them. */
@Timeout(60)
class SessionApprovalsTest {
  private static final String CALL = "toolu_1";

  private RunningSession running;
  private FakeSessionActivities database;
  private FakeHostActivities host;
  private SessionWorkflow workflow;

  @BeforeEach
  void start() {
    start(RunningSession.POLICY);
  }

  private void start(SessionPolicy policy) {
    running = RunningSession.start(policy, RunningSession.HOST);
    database = running.database();
    host = running.host();
    workflow = running.workflow();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void aSessionWhoseCallWaitsRequiresActionUntilTheAnswer() {
    var message = waitingTurn();

    assertThat(workflow.status().phase()).isEqualTo(new Phase.RequiresAction());
    var stands = workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));

    assertThat(stands.answer()).isEqualTo(answer(CALL, ApprovalDecision.ALLOW).answer());
    assertThat(workflow.status().phase()).isEqualTo(new Phase.Running());
    eventually(() -> host.log().contains("tell approvals on 1"));
    host.finish(turn(message), END_TURN);
    eventually(() -> database.ends().size() == 1);
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(database.withdrawals()).isZero();
  }

  @Test
  void theFirstAnswerStandsAndALaterOneHearsIt() {
    waitingTurn();

    workflow.answerApproval(answer(CALL, ApprovalDecision.DENY));
    var later = workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));

    assertThat(later.answer()).isEqualTo(answer(CALL, ApprovalDecision.DENY).answer());
  }

  @Test
  void ofSeveralCallsEachIsAnsweredForItself() {
    waitingTurn(CALL, "toolu_2");

    workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));
    assertThat(workflow.status().phase()).isEqualTo(new Phase.RequiresAction());

    workflow.answerApproval(answer("toolu_2", ApprovalDecision.DENY));
    assertThat(workflow.status().phase()).isEqualTo(new Phase.Running());
  }

  @Test
  void aReplacedSandboxSaysNothingOfWhatWaits() {
    waitingTurn();

    workflow.approvalsWaiting(new ApprovalsWaitingInput(7, List.of()));

    assertThat(workflow.status().phase()).isEqualTo(new Phase.RequiresAction());
  }

  @Test
  void aLongWaitNeedsNoSandboxAndTheAnswerBringsOne() {
    keepsSandboxesShortly();
    var message = waitingTurn();
    eventually(() -> workflow.status().sandboxId() == null);
    host.nextTurn(new TurnBehaviour.Waits());

    // The session lets go of its sandbox before the host hears of it.
    eventually(() -> host.log().contains("stop 1: parked"));
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "stop 1: parked");
    assertThat(workflow.status().phase()).isEqualTo(new Phase.RequiresAction());
    workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));
    eventually(() -> host.log().contains("turn 1 on 2"));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.ends().size() == 1);
    assertThat(host.log()).contains("start 2 after parked");
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(database.events()).noneMatch(Rescheduled.class::isInstance);
  }

  /** G4. */
  @Test
  void workBesideACallThatWaitsKeepsTheSandboxWithinItsBound() {
    keepsSandboxesShortly(Duration.ofMillis(1500));
    host.background(1);

    waitingTurn();
    eventually(() -> workflow.status().sandboxId() == null);

    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "spare 1", "stop 1: parked");
  }

  @Test
  void anAnswerReachesTheSandboxThatWasSpared() {
    keepsSandboxesShortly(Duration.ofHours(1));
    host.background(1);
    var message = waitingTurn();
    eventually(() -> host.log().contains("spare 1"));

    workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));
    eventually(() -> host.log().contains("tell approvals on 1"));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.ends().size() == 1);
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(host.log()).doesNotContain("stop 1: parked");
  }

  /** A5. */
  @Test
  void aSandboxThatIsLostWhileACallWaitsIsReplacedAtOnce() {
    host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.KILLED));
    host.nextTurn(new TurnBehaviour.Waits());
    var message = running.submit();
    eventually(() -> host.log().contains("turn 1 on 2"));
    workflow.approvalsWaiting(new ApprovalsWaitingInput(2, List.of(CALL)));
    eventually(() -> workflow.status().phase() instanceof Phase.RequiresAction);

    workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));
    eventually(() -> host.log().contains("tell approvals on 2"));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.ends().size() == 1);
    assertThat(host.log()).contains("start 2 after killed", "turn 1 on 2");
  }

  /** A7. */
  @Test
  void aParkedTurnHasNoTimerButThatOfItsRetention() {
    keepsSandboxesShortly();
    var message = waitingTurn();
    eventually(() -> host.log().contains("stop 1: parked"));
    var parked = timersStarted();
    host.nextTurn(new TurnBehaviour.Waits());

    running.environment().sleep(Duration.ofDays(2));
    workflow.answerApproval(answer(CALL, ApprovalDecision.ALLOW));
    eventually(() -> host.log().contains("turn 1 on 2"));

    assertThat(timersStarted() - parked).isLessThan(5);
    host.finish(turn(message), END_TURN);
  }

  private long timersStarted() {
    return running
        .environment()
        .getWorkflowClient()
        .fetchHistory(running.workflowId())
        .getEvents()
        .stream()
        .filter(event -> event.getEventType() == EventType.EVENT_TYPE_TIMER_STARTED)
        .count();
  }

  @Test
  void aMessageThatComesWhileACallIsParkedRunsAfterIt() {
    keepsSandboxesShortly();
    var first = waitingTurn();
    eventually(() -> workflow.status().sandboxId() == null);
    host.nextTurn(new TurnBehaviour.Waits());

    var second = running.submit();
    workflow.answerApproval(answer(CALL, ApprovalDecision.DENY));
    eventually(() -> host.log().contains("turn 1 on 2"));
    host.finish(turn(first), END_TURN);

    eventually(() -> database.ends().size() == 2);
    assertThat(database.ends().keySet()).containsExactly(turn(first), turn(second));
  }

  /** A7. */
  @Test
  void anInterruptEndsAParkedTurnAndWithdrawsItsCall() {
    keepsSandboxesShortly();
    var message = waitingTurn();
    eventually(() -> workflow.status().sandboxId() == null);

    var receipt = workflow.interrupt(new InterruptInput(null, true));

    assertThat(receipt.cut()).isEqualTo(message);
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(database.withdrawals()).isEqualTo(1);
    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
  }

  @Test
  void aCloseEndsAParkedTurnToo() {
    keepsSandboxesShortly();
    var message = waitingTurn();
    eventually(() -> workflow.status().sandboxId() == null);

    workflow.close(new CloseInput("deleted"));
    WorkflowStub.fromTyped(workflow).getResult(Void.class);

    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(database.withdrawals()).isEqualTo(1);
  }

  /** Nothing waits in a sandbox for longer than a moment. */
  private void keepsSandboxesShortly() {
    keepsSandboxesShortly(SessionPolicy.DEFAULT.background());
  }

  /**
   * Nothing waits in a sandbox for longer than a moment.
   *
   * @param background how long a sandbox in which something works is spared
   */
  private void keepsSandboxesShortly(Duration background) {
    running.close();
    var usual = SessionPolicy.DEFAULT;
    start(
        SessionPolicy.withTimes(
            Duration.ofMillis(500),
            usual.completionLinger(),
            usual.outage(),
            background,
            usual.snapshotInTurn()));
  }

  /** A message whose turn runs, with calls that wait for a person. */
  private MessageId waitingTurn(String... calls) {
    host.nextTurn(new TurnBehaviour.Waits());
    var message = running.submit();
    eventually(() -> host.log().contains("turn 1 on 1"));
    workflow.approvalsWaiting(
        new ApprovalsWaitingInput(1, calls.length == 0 ? List.of(CALL) : List.of(calls)));
    eventually(() -> workflow.status().phase() instanceof Phase.RequiresAction);
    return message;
  }

  private static AnswerApprovalInput answer(String call, ApprovalDecision decision) {
    return new AnswerApprovalInput(new ApprovalAnswered(call, decision, null, ApprovalSource.USER));
  }
}
