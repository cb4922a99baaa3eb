package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.CLOSED;
import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.protocol.event.StopReason.RETRIES_EXHAUSTED;
import static dev.berth.protocol.event.StopReason.SANDBOX_FAILED;
import static dev.berth.protocol.event.StopReason.WITHDRAWN;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.turn;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.EndUserId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRelease;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRequest;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.SemaphoreView;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.WithdrawInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import io.temporal.client.WorkflowStub;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions of one account that want to work at the same time. */
@Timeout(120)
class SessionPermitsTest {
  private RunningSession first;
  private FakeHostActivities host;

  @BeforeEach
  void start() {
    first = RunningSession.start(1, RunningSession.HOST);
    host = first.host();
  }

  @AfterEach
  void stop() {
    host.letGo();
    first.close();
  }

  @Test
  void aSessionKeepsItsPermitFromTurnToTurnAndGivesItBackWhenItIsClosed() {
    first.permits().setCapacity(2);
    first.submit();
    eventually(() -> first.database().ends().size() == 1);
    first.submit();
    eventually(() -> first.database().ends().size() == 2);

    assertThat(permits()).isEqualTo(new SemaphoreView(2, 1, 0, 1));
    first.workflow().close(new CloseInput("deleted"));
    eventually(() -> permits().equals(new SemaphoreView(2, 2, 0, 1)));
  }

  @Test
  void aSessionWithoutASandboxHoldsNoPermit() {
    first.permits().setCapacity(2);
    first.submit();
    eventually(() ->
        first.database().ends().size() == 1
            && first.workflow().status().phase() instanceof Phase.Idle);
    assertThat(permits().free()).isEqualTo(1);

    first.environment().sleep(SessionPolicy.DEFAULT.idle().plusMinutes(1));

    eventually(() -> first.workflow().status().phase() instanceof Phase.Hibernated);
    assertThat(permits().free()).isEqualTo(2);
  }

  @Test
  void aCompletedSessionGivesItsPermitBackAtOnce() {
    first.permits().setCapacity(2);
    first.workflow().openSession(new OpenInput("c1"));
    eventually(() -> host.log().contains("start 1"));

    first.workflow().disconnected(new DisconnectedInput("c1", true));

    eventually(() -> permits().free() == 2);
    assertThat(host.log()).doesNotContain("stop 1: completed");
  }

  @Test
  void withOnePermitThreeSessionsWorkOneAfterTheOtherInTheOrderInWhichTheyAsked() {
    var second = first.another();
    var third = first.another();
    var one = waits(first);
    eventually(() -> host.running().contains(turn(one)));
    var two = waits(second);
    eventually(() -> permits().waiting() == 1);
    var three = waits(third);
    eventually(() -> permits().waiting() == 2);
    eventually(() -> second.workflow().status().phase() instanceof Phase.Queued);
    eventually(() -> third.workflow().status().phase() instanceof Phase.Queued);
    eventually(() -> queuedForAPermit() == 2);

    host.finish(turn(one), END_TURN);
    eventually(() -> host.running().contains(turn(two)));
    assertThat(host.running()).doesNotContain(turn(three));
    host.finish(turn(two), END_TURN);
    eventually(() -> host.running().contains(turn(three)));
    host.finish(turn(three), END_TURN);

    eventually(() -> first.database().ends().size() == 3);
    assertThat(host.most()).isEqualTo(1);
    assertThat(permits()).isEqualTo(new SemaphoreView(1, 0, 0, 3));
  }

  @Test
  void anIdleSessionGivesItsPermitToOneThatWaitsKeepsItsSandboxAndAsksAgain() {
    first.submit();
    eventually(() -> first.database().ends().size() == 1);
    var second = first.another();

    second.submit();
    eventually(() -> first.database().ends().size() == 2);
    first.submit();
    eventually(() -> first.database().ends().size() == 3);

    assertThat(host.log()).noneMatch(line -> line.startsWith("stop"));
    assertThat(permits().granted()).isEqualTo(3);
  }

  @Test
  void whoeverTypesWaitsForThePermitToo() {
    var one = waits(first);
    eventually(() -> host.running().contains(turn(one)));
    var second = first.another();
    second.workflow().openSession(new OpenInput("c2"));
    eventually(() -> permits().waiting() == 1);
    assertThat(host.log()).doesNotContain("start 2");

    host.finish(turn(one), END_TURN);

    eventually(() -> host.log().contains("start 2"));
  }

  @Test
  void aClientThatLeavesWhileItsSessionWaitsTakesTheRequestAlong() {
    var one = waits(first);
    eventually(() -> host.running().contains(turn(one)));
    var second = first.another();
    second.workflow().openSession(new OpenInput("c2"));
    eventually(() -> permits().waiting() == 1);

    second.workflow().disconnected(new DisconnectedInput("c2", false));

    eventually(() -> permits().waiting() == 0);
    host.finish(turn(one), END_TURN);
  }

  @Test
  void anInterruptEndsTheWaitForAPermit() {
    var waiting = aSessionThatWaits();

    var receipt = waiting.session().workflow().interrupt(new InterruptInput(null, true));

    assertThat(receipt.cut()).isEqualTo(waiting.message());
    assertThat(first.database().ends()).containsEntry(turn(waiting.message()), INTERRUPTED);
    eventually(() -> permits().waiting() == 0);
  }

  @Test
  void aMessageThatWaitsForAPermitCanBeWithdrawn() {
    var waiting = aSessionThatWaits();

    var receipt = waiting.session().workflow().withdraw(new WithdrawInput(waiting.message()));

    assertThat(receipt.withdrawn()).isTrue();
    assertThat(first.database().ends()).containsEntry(turn(waiting.message()), WITHDRAWN);
    eventually(() -> permits().waiting() == 0);
    eventually(() -> waiting.session().workflow().status().phase() instanceof Phase.Hibernated);
  }

  /** Now and then both come with one task of the workflow; each time at another distance. */
  @Test
  void aMessageThatIsWithdrawnWhileItsPermitComesIsWithdrawnOrRuns() throws Exception {
    var second = first.another();
    for (var round = 0; round < 24; round++) {
      var one = waits(first);
      eventually(() -> host.running().contains(turn(one)));
      var two = second.submit();
      eventually(() -> permits().waiting() == 1);
      host.finish(turn(one), END_TURN);
      TimeUnit.MILLISECONDS.sleep(2L * round);

      var withdrawn = second.workflow().withdraw(new WithdrawInput(two)).withdrawn();

      eventually(() -> first.database().ends().containsKey(turn(two)));
      assertThat(first.database().ends())
          .containsEntry(turn(two), withdrawn ? WITHDRAWN : END_TURN);
    }
  }

  @Test
  void aSessionThatIsClosedWhileItWaitsIsClosed() {
    var waiting = aSessionThatWaits();

    waiting.session().workflow().close(new CloseInput("deleted"));

    eventually(() -> permits().waiting() == 0);
    eventually(() -> first.database().ends().get(turn(waiting.message())) == CLOSED);
  }

  @Test
  void thePermitOfASessionThatWasTerminatedWhileItWaitedGoesToTheNext() {
    var waiting = aSessionThatWaits();
    var third = first.another();
    var three = waits(third);
    eventually(() -> permits().waiting() == 2);
    WorkflowStub.fromTyped(waiting.session().workflow()).terminate("in a test");

    host.finish(turn(requireNonNull(first.workflow().status().running())), END_TURN);

    eventually(() -> host.running().contains(turn(three)));
  }

  @Test
  void whatComesAgainOrTooLateChangesNothing() {
    first.permits().setCapacity(2);
    var one = waits(first);
    eventually(() -> host.running().contains(turn(one)));
    var semaphore = first.semaphore();

    // A request that its session does not know of is granted, and given back by it.
    var idle = first.another();
    semaphore.request(new PermitRequest(idle.workflowId(), "old/1", new EndUserId("alice"), 2));
    eventually(() -> permits().granted() == 2);
    eventually(() -> permits().free() == 1);
    semaphore.release(new PermitRelease(first.workflowId(), "old/1"));
    semaphore.release(new PermitRelease("nobody", "1"));

    assertThat(permits().free()).isEqualTo(1);
    host.finish(turn(one), END_TURN);
    eventually(() -> first.database().ends().size() == 1);
  }

  @Test
  void aNewRunOfTheSemaphoreKnowsWhatTheOldOneKnew() {
    var waiting = aSessionThatWaits();
    var before = runOfTheSemaphore();
    // A free permit goes through many hands: each finds nobody, and is back.
    waiting.session().workflow().withdraw(new WithdrawInput(waiting.message()));
    eventually(() -> permits().waiting() == 0);
    for (var request = 0; request < 110; request++) {
      first
          .semaphore()
          .request(new PermitRequest("nobody/" + request, "1", new EndUserId("alice"), 2));
      // One that came while the permit is with the one before would wait, and be forgotten.
      var after = new SemaphoreView(2, 1, 0, request + 2);
      eventually(() -> permits().equals(after));
    }

    eventually(() -> !runOfTheSemaphore().equals(before));
    eventually(() -> permits().equals(new SemaphoreView(2, 1, 0, 111)));
    host.finish(turn(requireNonNull(first.workflow().status().running())), END_TURN);
    first.workflow().close(new CloseInput("deleted"));
    eventually(() -> permits().free() == 2);
  }

  /** Scenario B7: after an outage everybody is there again at once. */
  @Test
  void b7ManySessionsThatWakeAtOnceWorkSoManyAtATimeAndAllOfThemDo() {
    var capacity = 5;
    first.permits().setCapacity(capacity);
    var sessions = new ArrayList<RunningSession>();
    for (var index = 0; index < 40; index++) {
      sessions.add(first.another());
    }
    var messages = new HashMap<MessageId, RunningSession>();
    sessions.forEach(session -> messages.put(waits(session), session));
    eventually(() -> permits().waiting() == sessions.size() - capacity);

    for (var done = 0; done < sessions.size(); done++) {
      var expected = Math.min(capacity, sessions.size() - done);
      eventually(() -> host.running().size() == expected);
      host.finish(host.running().iterator().next(), END_TURN);
      var ended = done + 1;
      eventually(() -> first.database().ends().size() == ended);
    }

    assertThat(host.most()).isEqualTo(capacity);
    sessions.forEach(session -> session.workflow().close(new CloseInput("deleted")));
    eventually(() -> permits().free() == capacity);
  }

  /** Scenario A12. */
  @Test
  void a12ATurnThatLosesEverySandboxHoldsNoPermit() {
    for (var lost = 0; lost < SessionPolicy.DEFAULT.turnAttempts(); lost++) {
      host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.OOM_KILLED));
    }
    var message = first.submit();

    eventually(() -> first.database().ends().get(turn(message)) == RETRIES_EXHAUSTED);
    eventually(() -> permits().free() == 1);
    first.submit();
    eventually(() -> first.database().ends().containsValue(END_TURN));
  }

  /** Scenario A18. */
  @Test
  void a18AStartThatFailsForGoodHoldsNoPermit() {
    host.failNextStart(new Problem(ProblemType.IMAGE_MISSING, "no image"));
    var message = first.submit();

    eventually(() -> first.database().ends().get(turn(message)) == SANDBOX_FAILED);
    eventually(() -> permits().free() == 1);
  }

  @Test
  void aChangedCapacityHoldsFromTheNextRequest() {
    var waiting = aSessionThatWaits();
    first.permits().setCapacity(3);
    var third = first.another();

    var three = waits(third);

    eventually(() -> host.running().contains(turn(waiting.message())));
    eventually(() -> host.running().contains(turn(three)));
    assertThat(permits().free()).isEqualTo(0);
  }

  private String runOfTheSemaphore() {
    return WorkflowStub.fromTyped(first.semaphore()).describe().getExecution().getRunId();
  }

  private record Waiting(RunningSession session, MessageId message) {}

  /** The first session works with the only permit; a second one waits for it. */
  private Waiting aSessionThatWaits() {
    var one = waits(first);
    eventually(() -> host.running().contains(turn(one)));
    var second = first.another();
    var two = waits(second);
    eventually(() -> second.workflow().status().phase() instanceof Phase.Queued);
    return new Waiting(second, two);
  }

  /** Sends a message whose turn runs until it is let go. */
  private MessageId waits(RunningSession session) {
    host.nextTurn(new TurnBehaviour.Waits());
    return session.submit();
  }

  private long queuedForAPermit() {
    return first.database().events().stream()
        .filter(new SessionEvent.StatusChanged(SessionStatus.QUEUED, "permit")::equals)
        .count();
  }

  private SemaphoreView permits() {
    return first.semaphore().status();
  }
}
