package dev.berth.db;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.PROJECTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.db.EventLog.Request;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogCutsTest {
  private static final TokenUsage USED = new TokenUsage(1, 10, 5, 0, 2);
  private static final TurnId FIRST = new TurnId("0f8b7a3e-3a64-4c1f-9d0e-5b6f0c1d2e31");
  private static final TurnId SECOND = new TurnId("0f8b7a3e-3a64-4c1f-9d0e-5b6f0c1d2e32");

  private static TestDatabase database;
  private static DSLContext db;

  private SessionId session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    db.insertInto(ACCOUNTS).set(ACCOUNTS.ACCOUNT_ID, "a").set(ACCOUNTS.NAME, "a").execute();
    db.insertInto(PROJECTS)
        .set(PROJECTS.PROJECT_ID, "p")
        .set(PROJECTS.ACCOUNT_ID, "a")
        .set(PROJECTS.NAME, "p")
        .set(PROJECTS.HMAC_KEY, "k")
        .execute();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  /** Two turns: events 1 to 5, and 6 to 8. */
  @BeforeEach
  void twoTurns() {
    session = new SessionId(UUID.randomUUID().toString());
    db.insertInto(SESSIONS)
        .set(SESSIONS.SESSION_ID, UUID.fromString(session.value()))
        .set(SESSIONS.PROJECT_ID, "p")
        .set(SESSIONS.ACCOUNT_ID, "a")
        .set(SESSIONS.END_USER_ID, "u")
        .set(SESSIONS.MODEL, "m")
        .set(SESSIONS.OPTIONS, JSON.json("{}"))
        .execute();
    message(FIRST);
    message(SECOND);
    append(
        new SessionEvent.SessionOpened("m"),
        new SessionEvent.StatusChanged(SessionStatus.RUNNING, "turn"));
    append(
        inTurn("start", FIRST, new SessionEvent.TurnStarted(1, 1), null),
        inTurn("say", FIRST, new SessionEvent.AgentMessage(), "{}"),
        inTurn(
            null,
            FIRST,
            new SessionEvent.TurnCompleted(StopReason.END_TURN, 1, 7, 7, USED, null),
            "{\"result\": \"forty-two\"}"));
    append(new SessionEvent.StatusChanged(SessionStatus.IDLE, "end_turn"));
    append(
        inTurn("start", SECOND, new SessionEvent.TurnStarted(2, 1), null),
        inTurn(
            null,
            SECOND,
            new SessionEvent.TurnFailed(
                StopReason.AGENT_ERROR, new Problem(ProblemType.INTERNAL, "x"), 1, 2, 9, USED),
            null));
  }

  @Test
  void whatWasThereIsToldOnceAndThenFollowsWhatIsKept() {
    assertThat(LogCuts.cut(db, session, 5)).isEqualTo(5);

    var page = LogPage.read(db, session, 0, 100);
    var truncated = requireNonNull(page.truncated());

    assertThat(truncated.firstSeq()).isEqualTo(6);
    assertThat(truncated.snapshot().status()).isEqualTo(SessionStatus.RUNNING);
    assertThat(truncated.snapshot().stopReason()).isEqualTo(StopReason.END_TURN);
    assertThat(truncated.snapshot().turns()).isEqualTo(1);
    assertThat(truncated.snapshot().usage()).isEqualTo(USED);
    assertThat(truncated.snapshot().totalCostMicrodollars()).isEqualTo(7);
    assertThat(truncated.snapshot().lastAnswer()).isEqualTo("forty-two");
    assertThat(page.events()).extracting(EventEnvelope::seq).containsExactly(6L, 7L, 8L);
    assertThat(page.more()).isFalse();
    assertThat(LogPage.read(db, session, 4, 100)).isEqualTo(page);
  }

  @Test
  void whoHasReadThatFarHearsNothingOfIt() {
    LogCuts.cut(db, session, 5);

    assertThat(LogPage.read(db, session, 5, 2).truncated()).isNull();
    assertThat(LogPage.read(db, session, 5, 2).more()).isTrue();
    assertThat(LogPage.read(db, session, 8, 2).events()).isEmpty();
  }

  @Test
  void aLaterCutGoesOnFromTheSnapshotOfTheOneBefore() {
    LogCuts.cut(db, session, 5);
    assertThat(LogCuts.cut(db, session, 8)).isEqualTo(3);

    var snapshot = requireNonNull(LogCuts.find(db, session)).snapshot();

    assertThat(snapshot.turns()).isEqualTo(2);
    assertThat(snapshot.status()).isEqualTo(SessionStatus.IDLE);
    assertThat(snapshot.stopReason()).isEqualTo(StopReason.AGENT_ERROR);
    assertThat(snapshot.usage()).isEqualTo(USED.plus(USED));
    assertThat(snapshot.totalCostMicrodollars()).isEqualTo(9);
    assertThat(snapshot.lastAnswer()).isEqualTo("forty-two");
  }

  @Test
  void cuttingAgainChangesNothing() {
    LogCuts.cut(db, session, 5);

    assertThat(LogCuts.cut(db, session, 5)).isZero();
    assertThat(LogCuts.cut(db, session, 3)).isZero();
    assertThat(LogPage.read(db, session, 5, 10).events()).hasSize(3);
  }

  @Test
  void numbersGoOnWhereTheyWere() {
    LogCuts.cut(db, session, 8);
    append(new SessionEvent.StatusChanged(SessionStatus.IDLE, "end_turn"));

    assertThat(LogPage.read(db, session, 8, 10).events())
        .extracting(EventEnvelope::seq)
        .containsExactly(9L);
  }

  @Test
  void howAMessageEndedIsKnownAfterItsEventIsGone() {
    assertThat(MessageEnd.find(db, session, FIRST))
        .isEqualTo(new MessageEnd(StopReason.END_TURN, 5, true));
    LogCuts.cut(db, session, 8);

    assertThat(MessageEnd.find(db, session, FIRST))
        .isEqualTo(new MessageEnd(StopReason.END_TURN, 5, false));
    assertThat(MessageEnd.find(db, session, SECOND))
        .isEqualTo(new MessageEnd(StopReason.AGENT_ERROR, 8, false));
  }

  @Test
  void aPageHoldsNoMoreThanItsBytesOrOneEvent() {
    var large = "{\"text\": \"" + "x".repeat((int) LogPage.BYTES / 3) + "\"}";
    var before = LogPage.read(db, session, 0, 1000).events().size();
    for (var number = 0; number < 4; number++) {
      append(new NewEvent("large" + number, new SessionEvent.AgentMessage(), null, null, large));
    }
    var huge = "{\"text\": \"" + "x".repeat((int) LogPage.BYTES) + "\"}";
    append(new NewEvent("huge", new SessionEvent.AgentMessage(), null, null, huge));

    var first = LogPage.read(db, session, before, 1000);
    var second = LogPage.read(db, session, before + 4, 1000);

    assertThat(first.events()).hasSize(3);
    assertThat(first.more()).isTrue();
    assertThat(second.events()).hasSize(1);
    assertThat(second.more()).isFalse();
  }

  @Test
  void anEventThatIsMissingWithoutACutIsNotPassedOver() {
    db.deleteFrom(EVENTS)
        .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(EVENTS.SEQ.eq(3L))
        .execute();

    assertThatThrownBy(() -> LogPage.read(db, session, 2, 10)).hasMessageContaining("no event 3");
  }

  @Test
  void aSessionThatItsWorkflowClosedIsClosedForGood() {
    append(new SessionEvent.StatusChanged(SessionStatus.TERMINATED, "retention"));

    assertThat(
            db.select(SESSIONS.CLOSED_AT)
                .from(SESSIONS)
                .where(SESSIONS.SESSION_ID.eq(UUID.fromString(session.value())))
                .fetchOne(SESSIONS.CLOSED_AT))
        .isNotNull();
  }

  private static NewEvent inTurn(
      @Nullable String name, TurnId turn, SessionEvent event, @Nullable String raw) {
    return new NewEvent(
        name == null ? turn.endEvent() : name + "/" + turn,
        event,
        turn,
        new MessageId(turn.value()),
        raw);
  }

  private void append(SessionEvent... events) {
    for (var event : events) {
      append(new NewEvent(UUID.randomUUID().toString(), event, null, null, null));
    }
  }

  private void append(NewEvent... events) {
    EventLog.append(db, new Request(session, EventWriter.PLATFORM, List.of(events)));
  }

  private void message(TurnId turn) {
    db.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, UUID.fromString(session.value()))
        .set(MESSAGES.MESSAGE_ID, UUID.fromString(turn.value()))
        .set(MESSAGES.CONTENT, JSON.json("\"x\""))
        .set(MESSAGES.CONTENT_HASH, new byte[0])
        .set(MESSAGES.BYTES, 3)
        .set(MESSAGES.ACCEPTED_SEQ, 0L)
        .execute();
  }
}
