package dev.berth.db;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.AppendOutcome.Numbered;
import dev.berth.db.AppendOutcome.SessionMissing;
import dev.berth.db.AppendOutcome.Superseded;
import dev.berth.db.EventLog.Request;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventLogTest {
  private static final Instant SOME_TIME = Instant.EPOCH;

  private static TestDatabase database;
  private static DSLContext db;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    db.insertInto(ACCOUNTS, ACCOUNTS.ACCOUNT_ID, ACCOUNTS.NAME).values("a", "a").execute();
    db.insertInto(
            PROJECTS, PROJECTS.PROJECT_ID, PROJECTS.ACCOUNT_ID, PROJECTS.NAME, PROJECTS.HMAC_KEY)
        .values("p", "a", "p", "hk_live_x")
        .execute();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @Test
  void numbersEventsWithoutAGapFromOne() {
    var session = session();

    var first = append(session, EventWriter.PLATFORM, notice("a"), notice("b"));
    var second = append(session, EventWriter.PLATFORM, notice("c"));

    assertThat(first)
        .isEqualTo(
            appended(new Numbered(1, true, SOME_TIME, 0), new Numbered(2, true, SOME_TIME, 0)));
    assertThat(second).isEqualTo(appended(new Numbered(3, true, SOME_TIME, 0)));
    assertThat(EventLog.read(db, session, 1, 10)).extracting("id").containsExactly("b", "c");
  }

  @Test
  void anEventThatIsThereKeepsItsNumber() {
    var session = session();
    append(session, EventWriter.PLATFORM, notice("a"), notice("b"));

    var again = append(session, EventWriter.PLATFORM, notice("b"), notice("c"), notice("a"));

    assertThat(again)
        .isEqualTo(
            appended(
                new Numbered(2, false, SOME_TIME, 0),
                new Numbered(3, true, SOME_TIME, 0),
                new Numbered(1, false, SOME_TIME, 0)));
  }

  @Test
  void whatWasStoredIsKnownAsItIsRead() {
    var session = session();
    var turn = new TurnId(UUID.randomUUID().toString());
    var request =
        request(
            session,
            EventWriter.PLATFORM,
            notice("a"),
            new NewEvent("b", new SessionEvent.AgentMessage(), turn, null, "{\"n\": 1.10}"));

    var appended = (Appended) EventLog.append(db, request);

    assertThat(EventLog.stored(request, appended)).isEqualTo(EventLog.read(db, session, 0, 10));
  }

  @Test
  void ofWhatWasThereBeforeOnlyTheLogKnows() {
    var session = session();
    append(session, EventWriter.PLATFORM, notice("a"));
    var request = request(session, EventWriter.PLATFORM, notice("b"), notice("a"));

    var appended = (Appended) EventLog.append(db, request);

    assertThat(EventLog.stored(request, appended)).isEmpty();
  }

  @Test
  void refusesAReplacedEpochAndAReplacedAttachment() {
    var session = session();
    db.update(SESSIONS)
        .set(SESSIONS.EPOCH, 3)
        .set(SESSIONS.ATTACHMENT, 5)
        .where(SESSIONS.SESSION_ID.eq(UUID.fromString(session.value())))
        .execute();

    assertThat(append(session, new EventWriter.Sandbox(2), notice("a")))
        .isEqualTo(new Superseded());
    assertThat(append(session, new EventWriter.Attachment(3, 4), notice("a")))
        .isEqualTo(new Superseded());
    assertThat(append(session, new EventWriter.Attachment(3, 5), notice("a")))
        .isEqualTo(appended(new Numbered(1, true, SOME_TIME, 0)));
    assertThat(append(session, new EventWriter.Sandbox(3), notice("b")))
        .isEqualTo(appended(new Numbered(2, true, SOME_TIME, 0)));
    assertThat(EventLog.read(db, session, 0, 10)).extracting("epoch").containsExactly(3, 3);
  }

  @Test
  void oneRefusedSessionDoesNotFailTheOthers() {
    var good = session();
    var missing = new SessionId(UUID.randomUUID().toString());

    var outcomes =
        EventLog.append(
            db,
            List.of(
                request(good, EventWriter.PLATFORM, notice("a")),
                request(missing, EventWriter.PLATFORM, notice("a"), notice("b")),
                request(good, new EventWriter.Sandbox(7), notice("b"), notice("c")),
                request(good, EventWriter.PLATFORM, notice("d"))));

    assertThat(outcomes)
        .extracting(EventLogTest::timeless)
        .containsExactly(
            appended(new Numbered(1, true, SOME_TIME, 0)),
            new SessionMissing(),
            new Superseded(),
            appended(new Numbered(2, true, SOME_TIME, 0)));
  }

  @Test
  void keepsAMessageToTheLetter() {
    var session = session();
    var raw = "{\"text\":\"nul \\u0000 and half a pair \\ud800\",\"n\":1.10,\"e\":1E400}";

    append(
        session,
        EventWriter.PLATFORM,
        new NewEvent("a", new SessionEvent.AgentMessage(), null, null, raw));

    assertThat(
            db.fetchValue(
                "select raw::text from events where event_id = 'a' and session_id = ?",
                UUID.fromString(session.value())))
        .isEqualTo(raw);
    assertThat(EventLog.read(db, session, 0, 1).getFirst().raw())
        .isNotNull()
        .asString()
        .contains("1.10");
  }

  /** Else the end of a turn, of which the row is made, could never be stored. */
  @Test
  void aNulInAPayloadDoesNotKeepAnEventFromBeingStored() {
    var session = session();
    var reason = "nul \0 and a \\u0000 that is none";

    append(
        session,
        EventWriter.PLATFORM,
        NewEvent.of("a", new SessionEvent.StatusChanged(SessionStatus.IDLE, reason)));

    assertThat(EventLog.read(db, session, 0, 1).getFirst().payload().path("reason").asString())
        .isEqualTo("nul \ufffd and a \\u0000 that is none");
  }

  @Test
  void theRowFollowsTheLog() {
    var session = session();

    append(
        session,
        EventWriter.PLATFORM,
        NewEvent.of("s", new SessionEvent.StatusChanged(SessionStatus.IDLE, "end_turn")),
        NewEvent.of("c", new SessionEvent.SessionCompleted("closed_by_client")));

    var row = db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(UUID.fromString(session.value())));
    assertThat(row.get(SESSIONS.STATUS)).isEqualTo("idle");
    assertThat(row.get(SESSIONS.REASON)).isEqualTo("end_turn");
    assertThat(row.get(SESSIONS.STATE)).isEqualTo("completed");
    assertThat(row.get(SESSIONS.COMPLETED_AT)).isNotNull();
    assertThat(row.get(SESSIONS.LAST_SEQ)).isEqualTo(2);
  }

  @Test
  void manyWritersOfManySessionsLeaveNoGap() throws Exception {
    var sessions = IntStream.range(0, 8).mapToObj(index -> session()).toList();
    try (var log = new GroupCommit(db);
        var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var writer = 0; writer < 16; writer++) {
        var name = writer;
        writers.execute(() -> {
          for (var event = 0; event < 50; event++) {
            var request =
                request(
                    sessions.get((name + event) % 8),
                    EventWriter.PLATFORM,
                    notice(name + "-" + event));
            submit(log, request);
          }
        });
      }
    }

    var total = 0;
    for (var session : sessions) {
      var events = EventLog.read(db, session, 0, 10_000);
      assertThat(events)
          .extracting("seq")
          .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
      total += events.size();
    }
    assertThat(total).isEqualTo(16 * 50);
  }

  @Test
  void aBrokenRequestFailsAloneAndInOrder() throws Exception {
    var session = session();
    var broken =
        new NewEvent("broken", new SessionEvent.AgentMessage(), null, null, "this is not JSON");
    var stages = new ArrayList<CompletionStage<AppendOutcome>>();
    try (var log = new GroupCommit(db)) {
      stages.add(log.append(request(session, EventWriter.PLATFORM, notice("a"))));
      stages.add(log.append(request(session, EventWriter.PLATFORM, broken)));
      stages.add(log.append(request(session, EventWriter.PLATFORM, notice("b"))));
    }

    assertThatThrownBy(() -> stages.get(1).toCompletableFuture().join())
        .hasMessageContaining("invalid input syntax for type json");
    assertThat(EventLog.read(db, session, 0, 10)).extracting("id").containsExactly("a", "b");
  }

  @Test
  void whatComesInALaneAfterARequestThatFailedIsNotStored() throws Exception {
    var session = session();
    var other = session();
    var broken =
        new NewEvent("broken", new SessionEvent.AgentMessage(), null, null, "this is not JSON");
    var stages = new ArrayList<CompletionStage<AppendOutcome>>();
    CompletionStage<AppendOutcome> elsewhere;
    try (var log = new GroupCommit(db)) {
      var lane = log.lane();
      stages.addAll(
          lane.append(
              List.of(
                  request(session, EventWriter.PLATFORM, notice("a")),
                  request(session, EventWriter.PLATFORM, broken),
                  request(session, EventWriter.PLATFORM, notice("b")))));
      elsewhere = log.append(request(other, EventWriter.PLATFORM, notice("d")));
      stages.addAll(lane.append(List.of(request(session, EventWriter.PLATFORM, notice("c")))));
    }

    assertThat(stages.get(0).toCompletableFuture().join()).isInstanceOf(Appended.class);
    for (var later : stages.subList(2, 4)) {
      assertThatThrownBy(() -> later.toCompletableFuture().join())
          .hasCauseInstanceOf(GroupCommit.LaneBrokenException.class);
    }
    assertThat(elsewhere.toCompletableFuture().join()).isInstanceOf(Appended.class);
    assertThat(EventLog.read(db, session, 0, 10)).extracting("id").containsExactly("a");
  }

  @Test
  void ofRequestsThatWereGivenTogetherOnlyTheBrokenOneFails() throws Exception {
    var session = session();
    var broken =
        new NewEvent("broken", new SessionEvent.AgentMessage(), null, null, "this is not JSON");
    var stages = new ArrayList<CompletionStage<AppendOutcome>>();
    try (var log = new GroupCommit(db)) {
      stages.addAll(
          log.append(
              List.of(
                  request(session, EventWriter.PLATFORM, notice("a")),
                  request(session, EventWriter.PLATFORM, broken),
                  request(session, EventWriter.PLATFORM, notice("b")))));
      assertThat(log.append(List.of())).isEmpty();
    }

    assertThat(stages.getFirst().toCompletableFuture()).isCompleted();
    assertThat(stages.get(1).toCompletableFuture()).isCompletedExceptionally();
    assertThat(EventLog.read(db, session, 0, 10)).extracting("id").containsExactly("a", "b");
  }

  private static SessionId session() {
    var id = UUID.randomUUID();
    db.insertInto(SESSIONS)
        .set(SESSIONS.SESSION_ID, id)
        .set(SESSIONS.PROJECT_ID, "p")
        .set(SESSIONS.ACCOUNT_ID, "a")
        .set(SESSIONS.END_USER_ID, "u")
        .set(SESSIONS.MODEL, "m")
        .set(SESSIONS.OPTIONS, JSON.json("{}"))
        .execute();
    return new SessionId(id.toString());
  }

  private static NewEvent notice(String id) {
    return NewEvent.of(id, new SessionEvent.AgentNotice("system", "status"));
  }

  private static Request request(SessionId session, EventWriter writer, NewEvent... events) {
    return new Request(session, writer, List.of(events));
  }

  private static void submit(GroupCommit log, Request request) {
    try {
      var _ = log.append(request);
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  private static AppendOutcome append(SessionId session, EventWriter writer, NewEvent... events) {
    return timeless(EventLog.append(db, request(session, writer, events)));
  }

  /** When events are stored is the database's matter. */
  private static AppendOutcome timeless(AppendOutcome outcome) {
    return outcome instanceof Appended(var events)
        ? new Appended(
            events.stream()
                .map(event -> new Numbered(event.seq(), event.fresh(), SOME_TIME, 0))
                .toList())
        : outcome;
  }

  private static Appended appended(Numbered... events) {
    return new Appended(List.of(events));
  }
}
