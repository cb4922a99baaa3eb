package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.protocol.event.StopReason.TIMED_OUT;
import static dev.berth.protocol.event.StopReason.UNAVAILABLE;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.policy;
import static dev.berth.workflows.session.RunningSession.turn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowStub;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a turn does while a part of the platform is away. */
@Timeout(60)
class SessionOutageTest {
  private static final Problem NO_STORE =
      Problem.away(PlatformPart.OBJECT_STORAGE, "Object storage does not answer.");

  private static final SessionEvent STALLED =
      new SessionEvent.StatusChanged(SessionStatus.RESCHEDULING, "object_storage");

  /** Longer than one turn waits. */
  private static final int LONG = 40;

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

  @ParameterizedTest
  @EnumSource(
      value = PlatformPart.class,
      names = {"OBJECT_STORAGE", "CONTAINER_ENGINE", "DATABASE"})
  void aTurnWaitsForAPartThatIsAwayUnderOneEpoch(PlatformPart part) {
    for (var failing = 0; failing < 6; failing++) {
      host.failNextStart(Problem.away(part, "away"));
    }
    var message = running.submit();
    running.environment().sleep(Duration.ofMinutes(2));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(host.log()).endsWith("start 1 failed", "start 1", "turn 1 on 1");
    assertThat(database.epochs()).isEqualTo(1);
  }

  @Test
  void aTurnThatWaitsSaysForWhat() {
    for (var failing = 0; failing < LONG; failing++) {
      host.failNextStart(NO_STORE);
    }
    running.submit();

    eventually(() -> workflow.status().phase() instanceof Phase.Stalled);
    assertThat(workflow.status().phase().status()).isEqualTo(SessionStatus.RESCHEDULING);
    eventually(() -> database.events().contains(STALLED));
    assertThat(database.events()).containsOnlyOnce(STALLED);
    eventually(() -> attribute().equals("object_storage"));
  }

  @Test
  void aTurnThatWaitedInVainFailsByNameAndTheSessionStaysUsable() {
    for (var failing = 0; failing < LONG; failing++) {
      host.failNextStart(NO_STORE);
    }
    var first = running.submit();
    running.environment().sleep(SessionPolicy.DEFAULT.outage().plusMinutes(1));
    eventually(() -> database.ends().containsKey(turn(first)));
    assertThat(database.ends()).containsEntry(turn(first), UNAVAILABLE);
    assertThat(workflow.status().lastStop()).isEqualTo(UNAVAILABLE);

    host.startsWorkAgain();
    var second = running.submit();
    eventually(() -> database.ends().containsKey(turn(second)));
    assertThat(database.ends()).containsEntry(turn(second), END_TURN);
  }

  @Test
  void anInterruptEndsTheWaitAtOnce() {
    for (var failing = 0; failing < LONG; failing++) {
      host.failNextStart(NO_STORE);
    }
    var message = running.submit();
    eventually(() -> workflow.status().phase() instanceof Phase.Stalled);

    assertThat(workflow.interrupt(new InterruptInput(null, false)).cut()).isEqualTo(message);

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(host.log()).noneMatch(line -> line.startsWith("turn"));
  }

  @Test
  void anInterruptDoesNotWaitForTheAttemptAndASandboxThatComesUpAfterItServes() {
    var held = new CompletableFuture<Void>();
    host.failNextStart(NO_STORE);
    host.holdNextStart(held);
    var first = running.submit();
    running.environment().sleep(Duration.ofSeconds(2));
    eventually(() -> host.log().contains("start 1 begins"));

    workflow.interrupt(new InterruptInput(null, false));
    eventually(() -> database.ends().containsKey(turn(first)));
    held.complete(null);
    eventually(() -> workflow.status().sandboxId() != null);
    var second = running.submit();

    eventually(() -> database.ends().containsKey(turn(second)));
    assertThat(database.ends())
        .containsEntry(turn(first), INTERRUPTED)
        .containsEntry(turn(second), END_TURN);
    assertThat(database.epochs()).isEqualTo(1);
  }

  @Test
  void anInterruptInTheRecoveryOfATurnReachesTheAgentThatTakesItUp() {
    var held = new CompletableFuture<Void>();
    host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.KILLED));
    host.nextTurn(new TurnBehaviour.Waits());
    host.holdNextStart(CompletableFuture.completedFuture(null));
    host.holdNextStart(held);
    var message = running.submit();
    eventually(() -> host.log().contains("start 2 begins"));

    isInterruptedWhereItIsTakenUp(message, held);
  }

  /** The start of its second sandbox goes on until it is let go. */
  private void isInterruptedWhereItIsTakenUp(MessageId message, CompletableFuture<Void> start) {
    workflow.interrupt(new InterruptInput(null, false));
    var next = running.submit();
    assertThat(database.ends()).isEmpty();
    start.complete(null);

    eventually(() -> database.ends().containsKey(turn(next)));
    assertThat(database.ends())
        .containsEntry(turn(message), INTERRUPTED)
        .containsEntry(turn(next), END_TURN);
    // The host takes both in any order.
    assertThat(host.log())
        .containsSubsequence("start 2 after killed", "turn 1 on 2", "turn 2 on 2")
        .containsSubsequence("start 2 after killed", "interrupt on 2", "turn 2 on 2");
  }

  @Test
  void anInterruptOfARecoveryThatMetAnOutageReachesTheAgentToo() {
    var first = new CompletableFuture<Void>();
    var second = new CompletableFuture<Void>();
    host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.KILLED));
    host.nextTurn(new TurnBehaviour.Waits());
    host.holdNextStart(first);
    host.holdNextStart(second);
    var message = running.submit();
    eventually(() -> host.log().contains("start 1 begins"));
    host.failNextStart(NO_STORE);
    first.complete(null);
    eventually(() -> host.log().contains("start 2 failed"));
    running.environment().sleep(Duration.ofSeconds(2));
    eventually(() -> host.log().contains("start 2 begins"));

    isInterruptedWhereItIsTakenUp(message, second);
  }

  @Test
  void aTurnThatTakesLongerThanATurnMayEndsWithItsSandbox() {
    running.close();
    var usual = SessionPolicy.DEFAULT;
    var longest = Duration.ofSeconds(5);
    // Nobody beats for a turn that waits in a test.
    var policy = policy(longest, longest.multipliedBy(10), usual.hostAnswer(), usual.outage());
    running = RunningSession.start(policy, RunningSession.HOST);
    host = running.host();
    host.nextTurn(new TurnBehaviour.Waits());
    var message = running.submit();

    eventually(() -> running.database().ends().containsKey(turn(message)));
    assertThat(running.database().ends()).containsEntry(turn(message), TIMED_OUT);
    assertThat(host.log()).contains("stop 1: turn_timed_out");
    var next = running.submit();
    eventually(() -> running.database().ends().containsKey(turn(next)));
    assertThat(running.database().ends()).containsEntry(turn(next), END_TURN);
    host.letGo();
  }

  @Test
  void b6ASessionThatIsClosedWhileItWaitsLeavesNoSandboxBehind() {
    var held = new CompletableFuture<Void>();
    host.nextTurn(new TurnBehaviour.LosesSandbox(SandboxEndReason.KILLED));
    host.holdNextStart(CompletableFuture.completedFuture(null));
    host.holdNextStart(held);
    var message = running.submit();
    eventually(() -> host.log().contains("start 2 begins"));

    workflow.close(new CloseInput("deleted"));
    held.complete(null);
    WorkflowStub.fromTyped(workflow).getResult(Void.class);

    assertThat(host.log()).endsWith("start 2 after killed", "stop 2: closed");
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
  }

  @Test
  void b6ASessionThatIsClosedDuringAnOutageEndsWhenTheAttemptHas() {
    var held = new CompletableFuture<Void>();
    host.failNextStart(NO_STORE);
    host.holdNextStart(held);
    var message = running.submit();
    running.environment().sleep(Duration.ofSeconds(2));
    eventually(() -> host.log().contains("start 1 begins"));

    workflow.close(new CloseInput("deleted"));
    eventually(() -> database.ends().containsKey(turn(message)));
    held.complete(null);
    WorkflowStub.fromTyped(workflow).getResult(Void.class);

    assertThat(host.log()).endsWith("start 1", "stop 1: closed");
    assertThat(host.log()).noneMatch(line -> line.startsWith("turn"));
  }

  @Test
  void aTurnWaitsWhenTheOnlyHostDoesNotAnswer() {
    beginWithASilentHost(Duration.ofMinutes(1));
    var message = running.submit();
    eventually(() -> attribute().equals("host"));
    assertThat(database.ends()).isEmpty();

    database.hosts(RunningSession.HOST);

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
  }

  @Test
  void aTurnThatWaitedForAHostInVainFailsByName() {
    beginWithASilentHost(Duration.ofSeconds(2));
    var message = running.submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), UNAVAILABLE);
  }

  /** The test server does not skip the time in which nobody takes up an activity. */
  private void beginWithASilentHost(Duration outage) {
    stop();
    var usual = SessionPolicy.DEFAULT;
    var policy = policy(usual.turn(), usual.turnHeartbeat(), Duration.ofSeconds(1), outage);
    running = RunningSession.start(policy, new HostId("host-lost"));
    database = running.database();
    host = running.host();
    workflow = running.workflow();
  }

  @Test
  void aTurnWhoseOnlyHostFellSilentRunsInItsSandboxWhenTheHostIsBack() {
    var message = submitToAHostThatFellSilent();
    eventually(() -> attribute().equals("host"));
    assertThat(database.ends()).doesNotContainKey(turn(message));

    running.startHostWorker();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "answers", "turn 2 on 1");
    assertThat(database.events())
        .containsSubsequence(
            new SessionEvent.StatusChanged(SessionStatus.RESCHEDULING, "host"),
            new SessionEvent.StatusChanged(SessionStatus.RUNNING, null));
  }

  @Test
  void aTurnThatIsCutWhileItsHostIsSilentEndsAndItsSandboxIsGivenUp() {
    var message = submitToAHostThatFellSilent();
    eventually(() -> attribute().equals("host"));

    workflow.interrupt(new InterruptInput(null, false));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
    assertThat(database.events())
        .anyMatch(event ->
            event instanceof SessionEvent.SandboxEnded ended
                && ended.reason() == SandboxEndReason.HOST_LOST);
  }

  /**
   * The test server has no time-out for who waits to take up a repeated attempt: the host is gone
   * before the first.
   */
  private MessageId submitToAHostThatFellSilent() {
    stop();
    var usual = SessionPolicy.DEFAULT;
    running =
        RunningSession.startOnAHostOfItsOwn(
            policy(
                usual.turn(), usual.turnHeartbeat(), Duration.ofSeconds(1), Duration.ofMinutes(1)));
    database = running.database();
    host = running.host();
    workflow = running.workflow();
    var first = running.submit();
    eventually(() -> database.ends().containsKey(turn(first)));
    eventually(() -> workflow.status().running() == null);
    running.loseHostWorker();
    return running.submit();
  }

  @Test
  void whatIsBrokenIsNotWaitedFor() {
    host.failNextStart(new Problem(ProblemType.DISK_FULL, "no room"));
    var message = running.submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), StopReason.DISK_FULL);
    assertThat(host.log()).containsExactly("start 1 failed");
  }

  @Test
  void c6ATurnWhoseTranscriptIsLostFailsByName() {
    host.failNextStart(new Problem(ProblemType.TRANSCRIPT_MISSING, "lost"));
    var message = running.submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), StopReason.TRANSCRIPT_MISSING);
  }

  @Test
  void aDatabaseThatIsAwayIsWaitedForAndAskedTheSameAgain() {
    database.failNextAllocation(Problem.away(PlatformPart.DATABASE, "away"));
    database.failNextAllocation(Problem.away(PlatformPart.DATABASE, "away"));
    MessageId message = running.submit();
    running.environment().sleep(Duration.ofSeconds(30));

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1");
    assertThat(workflow.status().epoch()).isEqualTo(1);
  }

  @Test
  void aStartAheadOfTheFirstMessageDoesNotWait() {
    host.failNextStart(NO_STORE);
    workflow.openSession(new OpenInput("c1"));

    eventually(() -> host.log().contains("start 1 failed"));
    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    assertThat(database.events()).doesNotContain(STALLED);
    var message = running.submit();
    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
  }

  @ParameterizedTest
  // A full disk is as full for the next sandbox: it is a stop. A parked turn waits for a person.
  @EnumSource(
      value = SandboxEndReason.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"DISK_FULL", "PARKED"})
  void everyReasonOfARestartIsInTheEventAndTheSearchAttribute(SandboxEndReason reason) {
    var held = new CompletableFuture<Void>();
    host.nextTurn(new TurnBehaviour.LosesSandbox(reason));
    host.holdNextStart(CompletableFuture.completedFuture(null));
    host.holdNextStart(held);
    var message = running.submit();
    eventually(() -> host.log().contains("start 2 begins"));

    eventually(() -> attribute().equals(reason.wireName()));
    held.complete(null);
    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.events())
        .contains(
            new SessionEvent.Rescheduled(reason, 2),
            new SessionEvent.StatusChanged(SessionStatus.RESCHEDULING, reason.wireName()));
    eventually(() -> attribute().isEmpty());
  }

  @ParameterizedTest
  @EnumSource(value = StopReason.class, mode = EnumSource.Mode.EXCLUDE, names = "WITHDRAWN")
  void everyStopReasonIsInTheSearchAttribute(StopReason reason) {
    host.nextTurn(new TurnBehaviour.Ends(reason));
    var message = running.submit();

    eventually(() -> database.ends().containsKey(turn(message)));
    assertThat(database.ends()).containsEntry(turn(message), reason);
    eventually(() ->
        reason
            .wireName()
            .equals(
                running.describe().getTypedSearchAttributes().get(SearchAttributes.STOP_REASON)));
  }

  private String attribute() {
    var value = running.describe().getTypedSearchAttributes().get(SearchAttributes.REASON);
    return value == null ? "" : value;
  }
}
