package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.CLOSED;
import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.protocol.event.StopReason.WITHDRAWN;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.message;
import static dev.berth.workflows.session.RunningSession.turn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.session.SessionWorkflow.WithdrawInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowStub;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be asked of the queue: to go first, to be withdrawn, to be cut, to be closed. */
@Timeout(60)
class SessionSendingTest {
  private RunningSession running;
  private FakeSessionActivities database;
  private FakeHostActivities host;
  private SessionWorkflow workflow;

  @BeforeEach
  void start() {
    running = RunningSession.start(RunningSession.HOST);
    database = running.database();
    host = running.host();
    workflow = running.workflow();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void aMessageThatInterruptsCutsWhatRunsAndGoesBeforeWhatWaits() {
    var first = runningTurn();
    var waiting = running.submit();
    var urgent = message();

    var receipt = workflow.submitMessage(new SubmitInput(urgent, 1, true));

    assertThat(receipt.position()).isZero();
    eventually(() -> database.ends().size() == 3);
    assertThat(database.ends().keySet()).containsExactly(turn(first), turn(urgent), turn(waiting));
    assertThat(database.ends())
        .containsEntry(turn(first), INTERRUPTED)
        .containsEntry(turn(urgent), END_TURN)
        .containsEntry(turn(waiting), END_TURN);
  }

  @Test
  void aMessageThatInterruptsAnIdleSessionJustRuns() {
    var urgent = running.submit(true);

    eventually(() -> database.ends().size() == 1);
    assertThat(database.ends()).containsEntry(turn(urgent), END_TURN);
    assertThat(host.log()).noneMatch(what -> what.startsWith("interrupt"));
  }

  @Test
  void theSameMessageDoesNotInterruptTwice() {
    var urgent = message();
    host.nextTurn(new TurnBehaviour.Waits());
    workflow.submitMessage(new SubmitInput(urgent, 1, true));
    eventually(() -> host.log().contains("turn 1 on 1"));

    var again = workflow.submitMessage(new SubmitInput(urgent, 1, true));
    host.finish(turn(urgent), END_TURN);

    assertThat(again.repeated()).isTrue();
    eventually(() -> database.ends().size() == 1);
    assertThat(database.ends()).containsEntry(turn(urgent), END_TURN);
  }

  @Test
  void aWithdrawnMessageNeverRuns() {
    var first = runningTurn();
    var second = running.submit();
    var third = running.submit();

    assertThat(workflow.withdraw(new WithdrawInput(second)).withdrawn()).isTrue();
    assertThat(workflow.withdraw(new WithdrawInput(second)).withdrawn()).isTrue();
    var again = workflow.submitMessage(new SubmitInput(second, 1, false));
    host.finish(turn(first), END_TURN);

    assertThat(again.repeated()).isTrue();
    eventually(() -> database.ends().size() == 3);
    assertThat(database.ends())
        .containsEntry(turn(second), WITHDRAWN)
        .containsEntry(turn(third), END_TURN);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "turn 2 on 1");
  }

  @Test
  void aMessageThatRunsOrHasEndedIsNotWithdrawn() {
    var first = runningTurn();

    assertThat(workflow.withdraw(new WithdrawInput(first)).withdrawn()).isFalse();
    host.finish(turn(first), END_TURN);
    eventually(() -> workflow.status().running() == null);

    assertThat(workflow.withdraw(new WithdrawInput(first)).withdrawn()).isFalse();
    assertThat(database.ends()).containsEntry(turn(first), END_TURN);
  }

  @Test
  void aMessageIsWithdrawnBeforeTheSessionHearsOfIt() {
    var message = message();

    assertThat(workflow.withdraw(new WithdrawInput(message)).withdrawn()).isTrue();
    var late = workflow.submitMessage(new SubmitInput(message, 1, false));
    var next = running.submit();

    assertThat(late.repeated()).isTrue();
    eventually(() -> database.ends().containsKey(turn(next)));
    assertThat(database.ends()).containsEntry(turn(message), WITHDRAWN);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1");
  }

  /** E4. */
  @Test
  void anInterruptThatRacesCompletionSaysWhichOfThemWon() {
    for (var round = 0; round < 20; round++) {
      var message = runningTurn();
      var completion = CompletableFuture.runAsync(() -> host.finish(turn(message), END_TURN));

      var receipt = workflow.interrupt(new InterruptInput(message, true));

      completion.join();
      eventually(() -> database.ends().containsKey(turn(message)));
      assertThat(receipt.cut() != null)
          .isEqualTo(database.ends().get(turn(message)) == INTERRUPTED);
    }
  }

  /** E5. */
  @Test
  void anInterruptLeavesWhatWaitsAndNamesIt() {
    var first = runningTurn();
    host.nextTurn(new TurnBehaviour.Waits());
    var second = running.submit();
    var third = running.submit();

    var receipt = workflow.interrupt(new InterruptInput(null, true));

    assertThat(receipt.cut()).isEqualTo(first);
    assertThat(receipt.waiting()).containsExactly(second, third);
    host.finish(turn(second), END_TURN);
    eventually(() -> database.ends().size() == 3);
    assertThat(database.ends())
        .containsEntry(turn(second), END_TURN)
        .containsEntry(turn(third), END_TURN);
  }

  @Test
  void anInterruptOfAMessageThatDoesNotRunCutsNothing() {
    var first = runningTurn();
    var second = running.submit();

    var receipt = workflow.interrupt(new InterruptInput(second, true));

    assertThat(receipt.cut()).isNull();
    assertThat(receipt.waiting()).containsExactly(second);
    host.finish(turn(first), END_TURN);
    eventually(() -> database.ends().size() == 2);
    assertThat(database.ends()).doesNotContainValue(INTERRUPTED);
  }

  @Test
  void aClosingSessionRefusesMessagesAndEndsThoseThatWait() {
    // It keeps the session from its end until the late message is answered.
    var start = new CompletableFuture<Void>();
    host.holdNextStart(start);
    var first = running.submit();
    eventually(() -> host.log().contains("start 1 begins"));
    var second = running.submit();

    workflow.close(new CloseInput("deleted"));
    var late = workflow.submitMessage(new SubmitInput(message(), 1, false));
    start.complete(null);
    WorkflowStub.fromTyped(workflow).getResult(Void.class);

    assertThat(database.ends())
        .containsEntry(turn(first), INTERRUPTED)
        .containsEntry(turn(second), CLOSED)
        .hasSize(2);
    assertThat(late.closed()).isTrue();
  }

  @Test
  void aSessionThatNeverHadASocketIsNotCompletedByItsTurns() {
    workflow.openSession(new OpenInput(null));
    running.submit();
    eventually(() -> database.ends().size() == 1);
    running.submit();
    eventually(() -> database.ends().size() == 2);
    eventually(() -> workflow.status().phase() instanceof Phase.Idle);

    assertThat(database.events()).noneMatch(SessionEvent.SessionCompleted.class::isInstance);
  }

  @Test
  void aSocketThatComesAndGoesCompletesSuchASession() {
    workflow.openSession(new OpenInput(null));
    workflow.openSession(new OpenInput("c1"));
    var message = runningTurn();

    workflow.disconnected(new DisconnectedInput("c1", false));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.events().contains(new SessionEvent.SessionCompleted("disconnected")));
  }

  /** A message whose turn runs until it is told otherwise. */
  private MessageId runningTurn() {
    host.nextTurn(new TurnBehaviour.Waits());
    var turns = host.log().stream().filter(what -> what.startsWith("turn")).count();
    var message = running.submit();
    eventually(() -> host.log().stream().filter(what -> what.startsWith("turn")).count() > turns);
    return message;
  }
}
