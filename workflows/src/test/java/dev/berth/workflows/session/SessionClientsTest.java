package dev.berth.workflows.session;

import static dev.berth.protocol.event.StopReason.END_TURN;
import static dev.berth.protocol.event.StopReason.INTERRUPTED;
import static dev.berth.workflows.session.RunningSession.eventually;
import static dev.berth.workflows.session.RunningSession.turn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.SandboxEndedInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that come and go, as the session sees them. */
@Timeout(60)
class SessionClientsTest {
  private static final SessionEvent DISCONNECTED =
      new SessionEvent.SessionCompleted("disconnected");

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
  void theLastSocketThatGoesCompletesTheSessionAndItsSandboxLingers() {
    workflow.openSession(new OpenInput("c1"));
    workflow.openSession(new OpenInput("c2"));
    submit();
    eventually(() -> database.ends().size() == 1);

    workflow.disconnected(new DisconnectedInput("c1", false));
    workflow.disconnected(new DisconnectedInput("c2", false));

    eventually(() -> database.events().contains(DISCONNECTED));
    assertThat(host.log()).doesNotContain("stop 1: completed");
    running.environment().sleep(SessionPolicy.DEFAULT.completionLinger().plusSeconds(5));
    eventually(() -> host.log().contains("stop 1: completed"));
  }

  @Test
  void aSocketThatWasNeverThereOrIsGoneAlreadyEndsNothing() {
    workflow.openSession(new OpenInput(null));
    host.nextTurn(new TurnBehaviour.Waits());
    var message = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));

    workflow.disconnected(new DisconnectedInput("c1", false));
    workflow.disconnected(new DisconnectedInput("c1", true));
    host.finish(turn(message), END_TURN);

    eventually(() -> workflow.status().phase() instanceof Phase.Idle);
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
    assertThat(database.events())
        .doesNotHaveAnyElementsOfTypes(SessionEvent.SessionCompleted.class);
  }

  @Test
  void aTurnGoesOnWhenItsSocketIsLostAndTheSessionCompletesAfterIt() {
    workflow.openSession(new OpenInput("c1"));
    host.nextTurn(new TurnBehaviour.Waits());
    var message = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));

    workflow.disconnected(new DisconnectedInput("c1", false));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.events().contains(DISCONNECTED));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
  }

  @Test
  void aClientThatAsksToCloseEndsItsTurn() {
    workflow.openSession(new OpenInput("c1"));
    host.nextTurn(new TurnBehaviour.Waits());
    var message = submit();
    eventually(() -> host.log().contains("turn 1 on 1"));

    workflow.disconnected(new DisconnectedInput("c1", true));

    eventually(
        () -> database.events().contains(new SessionEvent.SessionCompleted("closed_by_client")));
    assertThat(database.ends()).containsEntry(turn(message), INTERRUPTED);
  }

  @Test
  void aClientThatComesBackWithinTheLingerKeepsItsSandbox() {
    workflow.openSession(new OpenInput("c1"));
    submit();
    eventually(() -> database.ends().size() == 1);
    workflow.disconnected(new DisconnectedInput("c1", false));
    eventually(() -> database.events().contains(DISCONNECTED));

    workflow.openSession(new OpenInput("c2"));
    running.environment().sleep(SessionPolicy.DEFAULT.completionLinger().multipliedBy(2));
    submit();

    eventually(() -> database.ends().size() == 2);
    assertThat(host.log()).containsExactly("start 1", "turn 1 on 1", "turn 2 on 1");
  }

  @Test
  void aSessionThatWasLeftInATurnIsCompletedThoughItHadLostASandboxBefore() {
    workflow.openSession(new OpenInput("c1"));
    submit();
    eventually(() -> database.ends().size() == 1 && workflow.status().running() == null);
    workflow.sandboxEnded(new SandboxEndedInput(1, SandboxEndReason.AGENT_HUNG));
    eventually(() -> workflow.status().phase() instanceof Phase.Hibernated);
    host.nextTurn(new TurnBehaviour.Waits());
    var message = submit();
    eventually(() -> host.log().contains("turn 2 on 2"));

    workflow.disconnected(new DisconnectedInput("c1", false));
    host.finish(turn(message), END_TURN);

    eventually(() -> database.events().contains(DISCONNECTED));
    assertThat(database.ends()).containsEntry(turn(message), END_TURN);
  }

  private MessageId submit() {
    return running.submit();
  }
}
