package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestSession;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.session.SessionWorkflowImpl;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakePermitActivities;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that lie in the database, and sessions that have not heard of them. */
@Timeout(120)
class UnannouncedMessagesTest {
  /** More than a test has sessions. */
  private static final int PERMITS = 100;

  private static final HostId HOST = new HostId("host-1");

  private static TestDatabase database;
  private static DSLContext db;

  private TestWorkflowEnvironment temporal;
  private FakeSessionActivities memory;
  private FakeHostActivities host;
  private UnannouncedMessages messages;
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
    var options =
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder()
                    .setDataConverter(TemporalPayloads.converter())
                    .build());
    SearchAttributes.all()
        .forEach(key -> options.registerSearchAttribute(key.getName(), key.getValueType()));
    temporal = TestWorkflowEnvironment.newInstance(options.build());
    memory = new FakeSessionActivities(HOST);
    host = new FakeHostActivities(memory);
    var sessions = temporal.newWorker(TaskQueues.SESSIONS);
    sessions.registerWorkflowImplementationTypes(
        SessionWorkflowImpl.class, DeveloperSemaphoreWorkflowImpl.class);
    sessions.registerActivitiesImplementations(
        memory, new FakePermitActivities(temporal.getWorkflowClient(), PERMITS));
    temporal.newWorker(TaskQueues.host(HOST)).registerActivitiesImplementations(host);
    temporal.start();
    messages =
        new UnannouncedMessages(
            db, temporal.getWorkflowClient(), SessionPolicy.DEFAULT, Duration.ZERO);
    db.deleteFrom(MESSAGES).execute();
    session = TestSession.in(db);
  }

  @AfterEach
  void end() {
    messages.close();
    temporal.close();
  }

  @Test
  void aMessageThatNobodyRepeatsIsRunAllTheSame() {
    var message = accepted(1);

    assertThat(messages.announce()).isEqualTo(1);

    eventually(() -> memory.ends().containsKey(turn(message)));
    assertThat(memory.ends()).containsEntry(turn(message), StopReason.END_TURN);
    assertThat(takenAt(message)).isNotNull();
    assertThat(messages.announce()).isZero();
  }

  @Test
  void messagesAreAnnouncedInTheOrderInWhichTheyWereAccepted() {
    var accepted = new ArrayList<TurnId>();
    for (var seq = 1; seq <= 3; seq++) {
      accepted.add(turn(accepted(seq)));
    }

    assertThat(messages.announce()).isEqualTo(3);

    eventually(() -> memory.ends().size() == 3);
    assertThat(memory.ends().keySet()).containsExactlyElementsOf(accepted);
  }

  @Test
  void aMessageThatTheSessionKnowsRunsOnceThoughItIsAnnouncedAgain() {
    host.nextTurn(new TurnBehaviour.Waits());
    var message = accepted(1);
    assertThat(messages.announce()).isEqualTo(1);
    db.update(MESSAGES).setNull(MESSAGES.TAKEN_AT).execute();

    assertThat(messages.announce()).isEqualTo(1);
    var again = workflow().submitMessage(new SubmitInput(message, 1, false));
    host.finish(turn(message), StopReason.END_TURN);

    assertThat(again.repeated()).isTrue();
    eventually(() -> memory.ends().containsKey(turn(message)));
    assertThat(host.log()).containsOnlyOnce("turn 1 on 1");
  }

  @Test
  void aMessageThatWasToInterruptStillDoes() {
    host.nextTurn(new TurnBehaviour.Waits());
    var first = accepted(1);
    messages.announce();
    eventually(() -> host.log().contains("turn 1 on 1"));
    var second = accepted(2);
    db.update(MESSAGES)
        .set(MESSAGES.INTERRUPTS, true)
        .where(MESSAGES.MESSAGE_ID.eq(UUID.fromString(second.value())))
        .execute();

    messages.announce();

    eventually(() -> memory.ends().size() == 2);
    assertThat(memory.ends())
        .containsEntry(turn(first), StopReason.INTERRUPTED)
        .containsEntry(turn(second), StopReason.END_TURN);
  }

  @Test
  void whatHasEndedOrBelongsToAClosedSessionIsLeftAlone() {
    var ended = accepted(1);
    db.update(MESSAGES).set(MESSAGES.ENDED_AT, currentOffsetDateTime()).execute();
    assertThat(messages.announce()).isZero();

    accepted(2);
    db.update(SESSIONS)
        .set(SESSIONS.CLOSED_AT, currentOffsetDateTime())
        .where(SESSIONS.SESSION_ID.eq(session.uuid()))
        .execute();
    assertThat(messages.announce()).isZero();
    assertThat(takenAt(ended)).isNull();
  }

  private SessionWorkflow workflow() {
    return temporal
        .getWorkflowClient()
        .newWorkflowStub(
            SessionWorkflow.class, WorkflowIds.session(TestSession.PROJECT, session.id()));
  }

  private MessageId accepted(long seq) {
    var id = UUID.randomUUID();
    db.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, session.uuid())
        .set(MESSAGES.MESSAGE_ID, id)
        .set(MESSAGES.CONTENT, JSON.json("\"hi\""))
        .set(MESSAGES.CONTENT_HASH, new byte[] {1})
        .set(MESSAGES.BYTES, 4)
        .set(MESSAGES.ACCEPTED_SEQ, seq)
        .execute();
    return new MessageId(id.toString());
  }

  private static @Nullable OffsetDateTime takenAt(MessageId message) {
    return db.fetchSingle(MESSAGES, MESSAGES.MESSAGE_ID.eq(UUID.fromString(message.value())))
        .get(MESSAGES.TAKEN_AT);
  }

  private static TurnId turn(MessageId message) {
    return new TurnId(message.value());
  }

  private static void eventually(BooleanSupplier condition) {
    var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in 60 s");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }
}
