package dev.berth.activities.sandbox;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.CLIENT_TOOL_CALLS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.TurnEnds;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.ClientToolOutcome;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.SandboxEnded;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.SessionEvent.TurnStarted;
import dev.berth.protocol.event.TokenUsage;
import java.net.URI;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SandboxRecordsTest {
  private static TestDatabase database;
  private static DSLContext db;
  private static SandboxRecords records;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    records = new SandboxRecords(db, new HostId("host-1"), URI.create("http://host-1:7401"));
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @Test
  void everyConnectionGetsAHigherAttachmentNumber() {
    var serving = serving(TestSession.in(db), 1);

    assertThat(records.attach(serving)).hasValue(1);
    assertThat(records.attach(serving)).hasValue(2);
  }

  @Test
  void numbersGoOnRisingInTheNextEpoch() {
    var session = TestSession.in(db);
    assertThat(records.attach(serving(session, 1))).hasValue(1);

    assertThat(records.attach(serving(session, 2))).hasValue(2);
  }

  @Test
  void aReplacedEpochGetsNoNumberAnyMore() {
    var session = TestSession.in(db);
    var replaced = serving(session, 1);
    serving(session, 2);

    assertThat(records.attach(replaced)).isEmpty();
  }

  @Test
  void aSandboxServesItsSessionUntilItEndsOrIsReplaced() {
    var session = TestSession.in(db);
    var first = serving(session, 1);
    assertThat(records.serving(first.sandbox())).isEqualTo(first);

    var second = serving(session, 2);
    assertThat(records.claimed(first)).as("it was overtaken while it came up").isFalse();
    assertThat(records.serving(first.sandbox())).isNull();
    assertThat(records.serving(second.sandbox())).isEqualTo(second);

    records.ended(second.sandbox(), SandboxEndReason.IDLE, "idle");
    assertThat(records.serving(second.sandbox())).isNull();
  }

  @Test
  void aliveAreTheClaimedSandboxesOfThisHostThatHaveNotEnded() {
    var claimed = serving(TestSession.in(db), 1);
    records.claimed(claimed);
    var starting = serving(TestSession.in(db), 1);
    var ended = serving(TestSession.in(db), 1);
    records.claimed(ended);
    records.ended(ended.sandbox(), SandboxEndReason.IDLE, "idle");
    var elsewhere = TestSession.in(db).sandbox("host-2", 1);
    db.update(SANDBOXES)
        .set(SANDBOXES.CLAIMED_AT, OffsetDateTime.now(ZoneOffset.UTC))
        .where(SANDBOXES.SANDBOX_ID.eq(elsewhere.value()))
        .execute();

    assertThat(records.alive())
        .contains(claimed.sandbox())
        .doesNotContain(starting.sandbox(), ended.sandbox(), elsewhere);
  }

  @Test
  void earlierSandboxesAreThoseOfLowerEpochsOnThisHostLatestFirst() {
    var session = TestSession.in(db);
    var first = session.sandbox("host-1", 1);
    session.sandbox("host-2", 2);
    var third = session.sandbox("host-1", 3);
    session.sandbox("host-1", 4);

    assertThat(records.earlier(session.id(), 4)).containsExactly(third, first);
  }

  @Test
  void whileASandboxServesTheRowSaysWhere() {
    var session = TestSession.in(db);
    var serving = serving(session, 1);

    records.claimed(serving);
    assertThat(host(session)).isEqualTo("http://host-1:7401");

    records.ended(serving.sandbox(), SandboxEndReason.KILLED, "gone");
    assertThat(host(session)).isNull();
  }

  @Test
  void theEndOfAReplacedSandboxLeavesTheRowToItsSuccessor() {
    var session = TestSession.in(db);
    var first = serving(session, 1);
    records.claimed(first);
    var second = serving(session, 2);
    records.claimed(second);

    records.ended(first.sandbox(), SandboxEndReason.SUPERSEDED, "replaced");

    assertThat(host(session)).isEqualTo("http://host-1:7401");
  }

  @Test
  void aReplacedSandboxCannotTakeTheRowBack() {
    var session = TestSession.in(db);
    var first = serving(session, 1);
    session.sandbox("host-2", 2);

    records.claimed(first);

    assertThat(host(session)).isNull();
  }

  @Test
  void aSandboxEndsOnceForItsFirstReason() {
    var serving = serving(TestSession.in(db), 1);
    records.ended(serving.sandbox(), SandboxEndReason.OOM_KILLED, "exit code 137");

    records.ended(serving.sandbox(), SandboxEndReason.ORPHANED, "swept");

    assertThat(
            db.fetchSingle(SANDBOXES, SANDBOXES.SANDBOX_ID.eq(serving.sandbox().value()))
                .get(SANDBOXES.END_REASON))
        .isEqualTo("oom_killed");
  }

  @Test
  void answersOfClientsAreHandedOverUntilTheAgentHasThem() {
    var session = TestSession.in(db);
    var serving = serving(session, 1);
    var call =
        new BridgeFrame.ClientToolCall(
            1, null, "c", "s", "t", ProtocolJson.mapper().createObjectNode(), null);
    records.toolCalled(serving, call);
    records.toolCalled(serving, call);
    assertThat(records.toolResults(serving)).isEmpty();

    db.update(CLIENT_TOOL_CALLS)
        .set(
            CLIENT_TOOL_CALLS.RESULT,
            JSON.json("{\"content\": [{\"type\": \"text\", \"text\": \"t\"}], \"isError\": true}"))
        .set(CLIENT_TOOL_CALLS.ANSWERED_AT, OffsetDateTime.now(ZoneOffset.UTC))
        .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(session.uuid()))
        .execute();
    var answer =
        new BridgeCommand.ClientToolResult(
            "c",
            List.of(ProtocolJson.mapper().readTree("{\"type\": \"text\", \"text\": \"t\"}")),
            true);
    assertThat(records.toolResults(serving)).containsExactly(answer);
    assertThat(records.undelivered(serving)).containsExactly(answer);
    records.delivered(serving, List.of(answer));
    assertThat(records.undelivered(serving)).isEmpty();
    assertThat(records.toolResults(serving)).as("until it is closed").containsExactly(answer);

    records.toolClosed(
        serving, new BridgeFrame.ClientToolClosed(2, "c", ClientToolOutcome.ANSWERED));
    assertThat(records.toolResults(serving)).isEmpty();
  }

  @Test
  void theOpenTurnIsTheOneThatBeganInTheSandboxAndHasNotEnded() {
    var session = TestSession.in(db);
    var turn = new TurnId(UUID.randomUUID().toString());
    var message = new MessageId(turn.value());
    var first = serving(session, 1);
    session.message(turn);
    assertThat(records.openTurn(first)).as("it waits").isEmpty();
    assertThat(records.begunTurn(session.id())).as("it waits").isNull();

    append(
        session,
        NewEvent.of(TurnEnds.startId(turn, 1), new TurnStarted(1, 1)).inTurn(turn, message));
    assertThat(records.openTurn(first)).contains(turn);
    assertThat(records.openTurn(serving(session, 2))).as("in another sandbox").isEmpty();
    assertThat(records.begunTurn(session.id())).as("in any sandbox").isEqualTo(turn);

    append(
        session,
        NewEvent.of(turn.endEvent(), new TurnInterrupted(1, 0, 0, TokenUsage.NONE))
            .inTurn(turn, message));
    assertThat(records.openTurn(first)).isEmpty();
    assertThat(records.begunTurn(session.id())).isNull();
  }

  @Test
  void aSandboxWhoseStartWasRepeatedServesAlthoughItsFirstAttemptEnded() {
    var session = TestSession.in(db);
    var serving = serving(session, 1);
    var sandbox = serving.sandbox();
    append(
        session,
        NewEvent.of(
            SandboxEnded.id(sandbox),
            new SandboxEnded(sandbox, SandboxEndReason.START_FAILED, "did not dial", null)));
    records.ended(sandbox, SandboxEndReason.START_FAILED, "did not dial");
    assertThat(records.serving(sandbox)).isNull();

    records.claimed(serving);

    assertThat(records.serving(sandbox)).isEqualTo(serving);
  }

  private static void append(TestSession session, NewEvent event) {
    EventLog.append(db, new EventLog.Request(session.id(), EventWriter.PLATFORM, List.of(event)));
  }

  private static Serving serving(TestSession session, int epoch) {
    return new Serving(PROJECT, session.id(), session.sandbox("host-1", epoch), epoch);
  }

  private static @Nullable String host(TestSession session) {
    return db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(session.uuid())).get(SESSIONS.HOST_URL);
  }
}
