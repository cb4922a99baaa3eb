package dev.berth.activities.session;

import static dev.berth.activities.session.SessionWorkflowEnvironment.eventually;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestSession;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeHostActivities.TurnBehaviour;
import dev.berth.workflows.testing.FakeSessionActivities;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.UUID;
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
  private static TestDatabase database;
  private static DSLContext db;

  private SessionWorkflowEnvironment sessions;
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
    sessions = SessionWorkflowEnvironment.start();
    memory = sessions.memory();
    host = sessions.host();
    messages =
        new UnannouncedMessages(
            db, sessions.client(), SessionPolicy.DEFAULT, sessions.calls(), Duration.ZERO);
    db.deleteFrom(MESSAGES).execute();
    session = TestSession.in(db);
  }

  @AfterEach
  void end() {
    sessions.close();
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
    var again = sessions.workflow(session).submitMessage(new SubmitInput(message, 1, false));
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
}
