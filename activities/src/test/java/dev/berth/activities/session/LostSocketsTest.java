package dev.berth.activities.session;

import static dev.berth.activities.session.SessionWorkflowEnvironment.eventually;
import static dev.berth.db.generated.Tables.API_NODES;
import static dev.berth.db.generated.Tables.SOCKETS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestSession;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.EndUserId;
import dev.berth.protocol.event.SessionEvent.SessionCompleted;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.Phase;
import dev.berth.workflows.session.SessionInput;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.OpenResult;
import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.client.UpdateOptions;
import io.temporal.client.WithStartWorkflowOperation;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import java.time.Duration;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.types.DayToSecond;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets whose api node is gone, and what their sessions hear of it. */
@Timeout(120)
class LostSocketsTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private static TestDatabase database;
  private static DSLContext db;

  private SessionWorkflowEnvironment sessions;
  private LostSockets sockets;
  private TestSession session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void begin() {
    sessions = SessionWorkflowEnvironment.start();
    db.deleteFrom(SOCKETS).execute();
    db.deleteFrom(API_NODES).execute();
    session = TestSession.in(db);
    sockets = sockets(Duration.ZERO);
  }

  @AfterEach
  void end() {
    sessions.close();
  }

  @Test
  void theSocketOfASilentNodeIsGoneForItsSessionWhichIsCompleted() {
    open(node(HOUR));

    assertThat(sockets.settle()).isZero();
    assertThat(sockets.settle()).isEqualTo(1);

    eventually(this::isCompleted);
    assertThat(db.fetchCount(SOCKETS)).isZero();
    assertThat(sockets.settle()).isZero();
  }

  @Test
  void whoHasAnotherSocketAtALivingNodeStaysUntilThatIsGoneToo() {
    open(node(HOUR));
    open(node(HOUR.negated()));

    assertThat(sockets.settle()).isZero();
    assertThat(sockets.settle()).isEqualTo(1);

    db.update(API_NODES).set(API_NODES.LOST_AT, currentOffsetDateTime()).execute();
    assertThat(sockets.settle()).isEqualTo(1);
    eventually(this::isCompleted);
    assertThat(completions()).isEqualTo(1);
  }

  @Test
  void aSocketThatItsNodeCouldNotTellOfIsToldOf() {
    open(null);

    assertThat(sockets.settle()).isEqualTo(1);

    eventually(this::isCompleted);
  }

  @Test
  void aNodeThatWasTakenForDeadStaysSoAndIsForgottenWhenNothingOfItIsLeft() {
    var node = node(HOUR);
    sockets.settle();
    sockets.settle();
    assertThat(db.fetchSingle(API_NODES).get(API_NODES.LOST_AT)).isNotNull();

    db.update(API_NODES)
        .set(
            API_NODES.LOST_AT,
            currentOffsetDateTime().minus(DayToSecond.valueOf(HOUR.multipliedBy(200))))
        .execute();
    open(node);
    assertThat(sockets.settle()).isEqualTo(1);
    assertThat(db.fetchCount(API_NODES)).isZero();
  }

  @Test
  void aSilentNodeIsWatchedBeforeItIsTakenForDead() {
    open(node(HOUR));
    var patient = sockets(HOUR);

    assertThat(patient.settle()).isZero();
    assertThat(patient.settle()).isZero();
    assertThat(lostNodes()).isZero();
  }

  @Test
  void aNodeThatSpeaksWhileItIsWatchedLives() {
    open(node(HOUR));

    assertThat(sockets.settle()).isZero();
    db.update(API_NODES)
        .set(API_NODES.SEEN_AT, currentOffsetDateTime().minus(DayToSecond.valueOf(HOUR)))
        .execute();
    assertThat(sockets.settle()).isZero();
    assertThat(lostNodes()).isZero();
    assertThat(sockets.settle()).isEqualTo(1);
  }

  @Test
  void aSocketThatWasNeverThereIsNoReasonToCompleteASession() {
    open(null);
    sockets.settle();
    eventually(this::isCompleted);
    sessions.workflow(session).openSession(new OpenInput(null));

    sessions
        .workflow(session)
        .disconnected(new DisconnectedInput(UUID.randomUUID().toString(), true));

    open(null);
    sockets.settle();
    eventually(() -> completions() >= 2);
    eventually(() -> sessions.workflow(session).status().phase() instanceof Phase.Hibernated);
    assertThat(completions()).isEqualTo(2);
  }

  @Test
  void aSocketOfASessionThatHasEndedIsForgotten() {
    db.insertInto(SOCKETS)
        .set(SOCKETS.CONNECTION_ID, UUID.randomUUID())
        .set(SOCKETS.SESSION_ID, session.uuid())
        .execute();

    assertThat(sockets.settle()).isEqualTo(1);
    assertThat(db.fetchCount(SOCKETS)).isZero();
  }

  private LostSockets sockets(Duration watched) {
    return new LostSockets(db, sessions.client(), sessions.calls(), Duration.ofMinutes(1), watched);
  }

  private static int lostNodes() {
    return db.fetchCount(API_NODES, API_NODES.LOST_AT.isNotNull());
  }

  private static UUID node(Duration silentFor) {
    var id = UUID.randomUUID();
    db.insertInto(API_NODES)
        .set(API_NODES.NODE_ID, id)
        .set(API_NODES.NAME, "1@machine")
        .set(API_NODES.SEEN_AT, currentOffsetDateTime().minus(DayToSecond.valueOf(silentFor)))
        .execute();
    return id;
  }

  private void open(@Nullable UUID node) {
    var connection = UUID.randomUUID();
    db.insertInto(SOCKETS)
        .set(SOCKETS.CONNECTION_ID, connection)
        .set(SOCKETS.SESSION_ID, session.uuid())
        .set(SOCKETS.NODE_ID, node)
        .execute();
    var stub =
        sessions
            .client()
            .newWorkflowStub(
                SessionWorkflow.class,
                WorkflowOptions.newBuilder()
                    .setWorkflowId(WorkflowIds.session(TestSession.PROJECT, session.id()))
                    .setTaskQueue(TaskQueues.SESSIONS)
                    .setWorkflowIdConflictPolicy(
                        WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
                    .build());
    WorkflowClient.executeUpdateWithStart(
        stub::openSession,
        new OpenInput(connection.toString()),
        UpdateOptions.<OpenResult>newBuilder().setUpdateId(connection.toString()).build(),
        new WithStartWorkflowOperation<>(stub::run, input()));
  }

  private SessionInput input() {
    return new SessionInput(
        session.id(),
        TestSession.PROJECT,
        "a",
        new EndUserId("u"),
        "m",
        SessionPolicy.DEFAULT,
        null);
  }

  private boolean isCompleted() {
    return completions() > 0;
  }

  private long completions() {
    return sessions.memory().events().stream().filter(SessionCompleted.class::isInstance).count();
  }
}
