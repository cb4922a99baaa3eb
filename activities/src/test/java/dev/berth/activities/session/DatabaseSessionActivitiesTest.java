package dev.berth.activities.session;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.HOSTS;
import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MESSAGES;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.activities.TestSession;
import dev.berth.db.EventLog;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import dev.berth.workflows.ports.SessionActivities.AllocateInput;
import dev.berth.workflows.ports.SessionActivities.EndTurnInput;
import dev.berth.workflows.ports.SessionActivities.NamedEvent;
import dev.berth.workflows.ports.SessionActivities.RecordInput;
import io.temporal.failure.ApplicationFailure;
import java.net.URI;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class DatabaseSessionActivitiesTest {
  private static final TurnId TURN = new TurnId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");
  private static final MessageId MESSAGE = new MessageId(TURN.value());

  private static TestDatabase database;
  private static DSLContext db;
  private static HostRegistry hosts;
  private static TurnEnds turnEnds;
  private static DatabaseSessionActivities activities;

  private TestSession session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    hosts = new HostRegistry(db);
    turnEnds = new TurnEnds(db);
    activities = new DatabaseSessionActivities(db, turnEnds, hosts, "image:1", "lite");
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void beginASession() {
    db.deleteFrom(HOSTS).execute();
    seen("host-1");
    session = TestSession.in(db);
  }

  @Test
  void everyAllocationIsANewEpochWithASandboxOfItsOwn() {
    var first = activities.allocate(allocation("run/1"));
    var second = activities.allocate(allocation("run/2"));

    assertThat(first.epoch()).isEqualTo(1);
    assertThat(second.epoch()).isEqualTo(2);
    assertThat(second.sandboxId()).isNotEqualTo(first.sandboxId());
  }

  @Test
  void theSameAllocationAgainGivesTheSame() {
    var events =
        List.of(new NamedEvent("e", new SessionEvent.StatusChanged(SessionStatus.QUEUED, null)));
    var input = new AllocateInput(PROJECT, session.id(), "run/1", List.of(), events);

    assertThat(activities.allocate(input)).isEqualTo(activities.allocate(input));
    assertThat(log()).hasSize(1);
  }

  @Test
  void aSessionThatDoesNotExistIsAFinalFailure() {
    var missing = new SessionId(UUID.randomUUID().toString());

    assertFails(
        () -> activities.allocate(new AllocateInput(PROJECT, missing, "k", List.of(), List.of())),
        ProblemType.SESSION_NOT_FOUND);
    assertFails(
        () ->
            activities.record(
                new RecordInput(
                    missing, List.of(new NamedEvent("e", new SessionEvent.SessionCompleted("x"))))),
        ProblemType.SESSION_NOT_FOUND);
  }

  @Test
  void recordingAgainChangesNothing() {
    var input =
        new RecordInput(
            session.id(), List.of(new NamedEvent("e", new SessionEvent.SessionCompleted("x"))));

    assertThat(activities.record(input)).isEqualTo(activities.record(input));
    assertThat(log()).hasSize(1);
  }

  @Test
  void theHostWithTheFewestSandboxesIsChosen() {
    seen("host-2");
    TestSession.in(db).sandbox("host-1", 1);

    assertThat(hosts.choose(db, List.of())).isEqualTo(new HostId("host-2"));
  }

  @Test
  void aHostThatDoesNotAnswerIsChosenOnlyWhenThereIsNoOther() {
    seen("host-2");

    assertThat(hosts.choose(db, List.of(new HostId("host-1")))).isEqualTo(new HostId("host-2"));
    assertThat(hosts.choose(db, List.of(new HostId("host-1"), new HostId("host-2")))).isNotNull();
  }

  @Test
  void aHostThatWasNotSeenForLongIsNotAskedAndItsReturnIsNoticed() {
    db.update(HOSTS)
        .set(HOSTS.SEEN_AT, OffsetDateTime.now(ZoneOffset.UTC).minusSeconds(101))
        .execute();
    assertThatThrownBy(() -> hosts.choose(db, List.of()))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(ProblemType.UNAVAILABLE.name());
              assertThat(failure.isNonRetryable()).as("the session waits, not Temporal").isTrue();
            });

    seen("host-1");

    assertThat(hosts.choose(db, List.of())).isEqualTo(new HostId("host-1"));
  }

  @Test
  void whoeverEndsATurnFirstEndsItForGood() {
    assertThat(activities.endTurn(end(StopReason.INTERRUPTED)).stopReason())
        .isEqualTo(StopReason.INTERRUPTED);
    assertThat(activities.endTurn(end(StopReason.RETRIES_EXHAUSTED)).stopReason())
        .isEqualTo(StopReason.INTERRUPTED);

    assertThat(log()).extracting(EventEnvelope::id).containsExactly("turn/" + TURN + "/end");
    assertThat(requireNonNull(turnEnds.find(session.id(), TURN)).seq()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(StopReason.class)
  void everyStopReasonHasItsKindOfEnd(StopReason reason) {
    activities.endTurn(end(reason));

    var expected =
        switch (reason) {
          case END_TURN, MAX_TURNS, BUDGET_EXHAUSTED, STRUCTURED_OUTPUT_RETRIES, REFUSAL ->
              TurnCompleted.class;
          case INTERRUPTED -> TurnInterrupted.class;
          case WITHDRAWN -> SessionEvent.MessageWithdrawn.class;
          case MODEL_ERROR,
              AGENT_ERROR,
              DISK_FULL,
              TIMED_OUT,
              SANDBOX_FAILED,
              RETRIES_EXHAUSTED,
              CLOSED,
              UNAVAILABLE,
              TRANSCRIPT_MISSING ->
              TurnFailed.class;
        };
    assertThat(log().getFirst().event()).isInstanceOf(expected);
    assertThat(requireNonNull(turnEnds.find(session.id(), TURN)).reason()).isEqualTo(reason);
  }

  @Test
  void aTurnCostsWhatTheLedgerSays() {
    charge(TURN.value(), 1, 2, 3, 4, 5, 1_000);
    charge(TURN.value(), 10, 20, 30, 40, 50, 2_000);
    charge(UUID.randomUUID().toString(), 7, 7, 7, 7, 7, 500);
    charge(null, 7, 7, 7, 7, 7, 50);

    activities.endTurn(end(StopReason.INTERRUPTED));

    assertThat(log().getFirst().event())
        .isEqualTo(new TurnInterrupted(0, 3_000, 3_550, new TokenUsage(2, 11, 22, 33 + 44, 55)));
  }

  @Test
  void theAgentsOwnEndCarriesItsResultToTheLetter() {
    var frame =
        new BridgeFrame.TurnEnded(
            9,
            TURN,
            MESSAGE,
            StopReason.END_TURN,
            ProtocolJson.mapper().readTree("{\"type\": \"result\", \"n\": 1.10}"),
            null,
            null);

    var event = turnEnds.events(session.id(), frame).getFirst();

    assertThat(event.id()).isEqualTo(TurnEnds.id(TURN));
    assertThat(event.raw()).isEqualTo("{\"type\":\"result\",\"n\":1.10}");
    assertThat(event.turnId()).isEqualTo(TURN);
    assertThat(event.messageId()).isEqualTo(MESSAGE);
  }

  @Test
  void theEndOfATurnSaysThatTheSessionIsIdleUnlessAnotherMessageWaits() {
    var frame = new BridgeFrame.TurnEnded(9, TURN, MESSAGE, StopReason.END_TURN, null, null, null);
    accepted(MESSAGE, 1);
    assertThat(turnEnds.events(session.id(), frame))
        .extracting(event -> event.event().type())
        .containsExactly("turn.completed", "session.status");

    var other = new MessageId(UUID.randomUUID().toString());
    accepted(other, 0);

    assertThat(turnEnds.events(session.id(), frame))
        .extracting(event -> event.event().type())
        .containsExactly("turn.completed");

    activities.endTurn(
        new EndTurnInput(
            session.id(), new TurnId(other.value()), other, StopReason.WITHDRAWN, null));

    assertThat(turnEnds.events(session.id(), frame))
        .extracting(event -> event.event().type())
        .containsExactly("turn.completed", "session.status");
  }

  private void accepted(MessageId message, long seq) {
    db.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, session.uuid())
        .set(MESSAGES.MESSAGE_ID, UUID.fromString(message.value()))
        .set(MESSAGES.CONTENT, JSON.json("\"hello\""))
        .set(MESSAGES.CONTENT_HASH, new byte[32])
        .set(MESSAGES.BYTES, 7)
        .set(MESSAGES.ACCEPTED_SEQ, seq)
        .execute();
  }

  @Test
  void aTurnThatDidNotEndHasNoEnd() {
    assertThat(turnEnds.find(session.id(), TURN)).isNull();
  }

  private void charge(
      @Nullable String turn,
      long input,
      long output,
      long creation5m,
      long creation1h,
      long read,
      long cost) {
    db.insertInto(LEDGER)
        .set(LEDGER.ENTRY_ID, UUID.randomUUID().toString())
        .set(LEDGER.SESSION_ID, session.uuid())
        .set(LEDGER.PROJECT_ID, PROJECT.value())
        .set(LEDGER.ACCOUNT_ID, "a")
        .set(LEDGER.END_USER_ID, "u")
        .set(LEDGER.TURN_ID, turn == null ? null : UUID.fromString(turn))
        .set(LEDGER.EPOCH, 1)
        .set(LEDGER.MODEL, "m")
        .set(LEDGER.INPUT_TOKENS, input)
        .set(LEDGER.OUTPUT_TOKENS, output)
        .set(LEDGER.CACHE_CREATION_5M_TOKENS, creation5m)
        .set(LEDGER.CACHE_CREATION_1H_TOKENS, creation1h)
        .set(LEDGER.CACHE_READ_TOKENS, read)
        .set(LEDGER.COST_MICRODOLLARS, cost)
        .set(LEDGER.PRICE_TABLE, "t")
        .execute();
  }

  private static void seen(String host) {
    hosts.seen(new HostId(host), URI.create("http://" + host));
  }

  private AllocateInput allocation(String key) {
    return new AllocateInput(PROJECT, session.id(), key, List.of(), List.of());
  }

  private EndTurnInput end(StopReason reason) {
    return new EndTurnInput(
        session.id(), TURN, MESSAGE, reason, new Problem(ProblemType.INTERNAL, "why"));
  }

  private List<EventEnvelope> log() {
    return EventLog.read(db, session.id(), 0, 100);
  }

  private static void assertFails(ThrowingCallable call, ProblemType type) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(type.name());
              assertThat(failure.isNonRetryable()).isEqualTo(!type.retryable());
            });
  }
}
