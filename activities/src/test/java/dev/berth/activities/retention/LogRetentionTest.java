package dev.berth.activities.retention;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestPayloads;
import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.NoSnapshots;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.ports.RetentionActivities;
import dev.berth.workflows.ports.RetentionActivities.SweepFrom;
import io.temporal.testing.TestActivityEnvironment;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.types.DayToSecond;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogRetentionTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final Duration OLD = Duration.ofDays(40);
  private static final Duration TWO_DAYS = Duration.ofDays(2);

  private static TestDatabase database;
  private static DSLContext db;

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
  void beginASession() {
    session = TestSession.in(db);
    session.sandbox("host-1", 1);
  }

  @Test
  void turnsThatAreOlderThanIsKeptAreCutAndTheLastOneNever() {
    turn();
    turn();
    turn();
    age(OLD);

    assertThat(cut(byAge())).isEqualTo(6);
    assertThat(kept()).containsExactly(7L, 8L, 9L);
    assertThat(cut(byAge())).isZero();
  }

  @Test
  void aTurnIsCutAsAWholeOrNotAtAll() {
    turn();
    turn();
    turn();
    age(OLD);
    // The second turn began before the limit, and ended after it.
    age(Duration.ofDays(20), 6, 9);

    assertThat(cut(byAge())).isEqualTo(3);
  }

  @Test
  void youngEventsStayHoweverManyThereAre() {
    turn();
    turn();
    turn();

    assertThat(cut(new LogRetention(db, Duration.ZERO, 1))).isZero();

    age(TWO_DAYS);
    assertThat(cut(new LogRetention(db, Duration.ZERO, 5))).isEqualTo(3);
    assertThat(cut(new LogRetention(db, Duration.ZERO, 1))).isEqualTo(3);
  }

  @Test
  void withoutLimitsNothingIsCut() {
    turn();
    turn();
    age(OLD);

    assertThat(new LogRetention(db, Duration.ZERO, 0).candidates(null, 100))
        .extracting(LogRetention.Candidate::session)
        .doesNotContain(session.id());
  }

  @Test
  void nothingOfAnOpenTurnIsCut() {
    var open = accepted();
    turn();
    turn();
    age(OLD);

    assertThat(cut(byAge())).isZero();

    append(end(open));
    age(OLD);
    turn();
    assertThat(cut(byAge())).isEqualTo(8);
  }

  @Test
  void theStartOfACallStaysUntilItsEndIsKnown() {
    turn();
    append(NewEvent.of("tool/t1/started", new SessionEvent.ToolStarted("t1", "Bash")));
    turn();
    turn();
    age(OLD);

    assertThat(cut(byAge())).isEqualTo(3);

    append(NewEvent.of("tool/t1/unknown", new SessionEvent.ToolOutcomeUnknown("t1", "Bash")));
    assertThat(cut(byAge())).isEqualTo(4);
  }

  @Test
  void aRollbackStaysUntilTheModelWasToldOfIt() {
    turn();
    append(
        NewEvent.of(
            "workspace/1/rolled_back", new SessionEvent.WorkspaceRolledBack(0, null, null, 1)));
    var failed = accepted();
    started(failed);
    append(
        new TurnEnds(db).event(session.id(), failed, id(failed), StopReason.SANDBOX_FAILED, null));
    var last = accepted();
    started(last);
    append(new TurnEnds(db).event(session.id(), last, id(last), StopReason.SANDBOX_FAILED, null));
    age(OLD);

    assertThat(cut(byAge())).isEqualTo(3);
    assertThat(new WorkspaceRecords(db).untold(session.id())).isNotNull();
  }

  @Test
  void turnsThatAreGoneCountAsLostWithTheirFiles() {
    turn();
    turn();
    turn();
    age(OLD);
    cut(byAge());

    var records = new WorkspaceRecords(db);
    assertThat(records.turnsSince(session.id(), 0)).isEqualTo(3);
    assertThat(records.turnsSince(session.id(), 3)).isEqualTo(2);
    assertThat(records.turnsSince(session.id(), 9)).isZero();
  }

  @Test
  void theEndOfATurnThatIsGoneStands() {
    var first = turn();
    turn();
    age(OLD);
    cut(byAge());

    var end = new TurnEnds(db).find(session.id(), first);
    assertThat(end).isEqualTo(new TurnEnds.Ended(StopReason.INTERRUPTED, 3, true));
  }

  @Test
  void aLongLogGoesInBatchesThatEndWithATurn() {
    for (var number = 0; number < 5; number++) {
      turn();
    }
    age(OLD);
    var retention = new LogRetention(db, MONTH, 0, 7);

    assertThat(cut(retention)).isEqualTo(6);
    assertThat(cut(retention)).isEqualTo(6);
    assertThat(cut(retention)).isZero();
  }

  @Test
  void aTurnThatIsLargerThanABatchIsOne() {
    turn();
    turn();
    age(OLD);

    assertThat(cut(new LogRetention(db, MONTH, 0, 2))).isEqualTo(3);
  }

  @Test
  void aSessionThatCannotBeCutDoesNotKeepTheOthersFromBeingCut() {
    var stubborn = oldSession();
    session = TestSession.in(db);
    session.sandbox("host-1", 1);
    oldSession();
    db.execute(
        "create function refuse() returns trigger as"
            + " 'begin raise exception ''not this one''; end' language plpgsql");
    db.execute(
        "create trigger refuse before delete on events for each row when (old.session_id = '%s')"
                .formatted(stubborn.uuid())
            + " execute function refuse()");
    try {
      sweep();
    } finally {
      db.execute("drop trigger refuse on events");
    }

    assertThat(kept()).containsExactly(7L, 8L, 9L);
    session = stubborn;
    assertThat(kept()).hasSize(9);
  }

  private TestSession oldSession() {
    turn();
    turn();
    turn();
    age(OLD);
    return session;
  }

  private static void sweep() {
    var temporal = TestActivityEnvironment.newInstance(TestPayloads.options());
    try {
      temporal.registerActivitiesImplementations(
          new DatabaseRetentionActivities(
              byAge(),
              new ClosedWorkspaces(
                  db, new WorkspaceRecords(db), new NoSnapshots(), Duration.ofHours(2))));
      temporal.newActivityStub(RetentionActivities.class).cutLogs(new SweepFrom(null));
    } finally {
      temporal.close();
    }
  }

  private static LogRetention byAge() {
    return new LogRetention(db, MONTH, 0);
  }

  private int cut(LogRetention retention) {
    return retention.candidates(null, 1000).stream()
        .filter(candidate -> candidate.session().equals(session.id()))
        .mapToInt(retention::cut)
        .sum();
  }

  /** Three events: accepted, started, ended. */
  private TurnId turn() {
    var turn = accepted();
    started(turn);
    append(end(turn));
    return turn;
  }

  private TurnId accepted() {
    var turn = new TurnId(UUID.randomUUID().toString());
    var content = JSON.json("\"x\"");
    append(
        NewEvent.of(
                "accepted/" + turn,
                new SessionEvent.MessageAccepted(ProtocolJson.mapper().readTree("\"x\"")))
            .inTurn(turn, id(turn)));
    db.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, session.uuid())
        .set(MESSAGES.MESSAGE_ID, UUID.fromString(turn.value()))
        .set(MESSAGES.CONTENT, content)
        .set(MESSAGES.CONTENT_HASH, new byte[0])
        .set(MESSAGES.BYTES, 3)
        .set(MESSAGES.ACCEPTED_SEQ, (long) kept().getLast())
        .execute();
    return turn;
  }

  private void started(TurnId turn) {
    append(
        NewEvent.of(TurnEnds.startId(turn, 1), new SessionEvent.TurnStarted(1, 1))
            .inTurn(turn, id(turn)));
  }

  private NewEvent end(TurnId turn) {
    return new TurnEnds(db).event(session.id(), turn, id(turn), StopReason.INTERRUPTED, null);
  }

  private void append(NewEvent event) {
    EventLog.append(db, new Request(session.id(), EventWriter.PLATFORM, List.of(event)));
  }

  private List<Long> kept() {
    return db.select(EVENTS.SEQ)
        .from(EVENTS)
        .where(EVENTS.SESSION_ID.eq(session.uuid()))
        .orderBy(EVENTS.SEQ)
        .fetch(EVENTS.SEQ);
  }

  private void age(Duration ago) {
    age(ago, 1, Long.MAX_VALUE);
  }

  private void age(Duration ago, long from, long to) {
    db.update(EVENTS)
        .set(EVENTS.AT, currentOffsetDateTime().minus(DayToSecond.valueOf(ago)))
        .where(EVENTS.SESSION_ID.eq(session.uuid()))
        .and(EVENTS.SEQ.between(from, to))
        .execute();
  }

  private static MessageId id(TurnId turn) {
    return new MessageId(turn.value());
  }
}
