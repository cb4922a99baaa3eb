package dev.berth.activities.sandbox;

import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.ToolJournal;
import dev.berth.db.ApprovalLog;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeCommand.ApprovalAnswer;
import dev.berth.protocol.bridge.BridgeCommand.AskedCall;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.ApprovalSource;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.SessionEvent.ApprovalRequested;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SandboxApprovalsTest {
  private static TestDatabase database;
  private static DSLContext db;

  private final List<BridgeCommand> told = new ArrayList<>();
  private TestSession session;
  private SandboxApprovals approvals;

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
    var sandbox = session.sandbox("host-1", 1);
    approvals =
        new SandboxApprovals(
            db, new Serving(TestSession.PROJECT, session.id(), sandbox, 1), told::add);
  }

  @Test
  void whatWaitsIsToldWhenItMayHaveChanged() {
    assertThat(approvals.waitingIfChanged()).isNull();
    ask("a");
    ask("b");
    approvals.mayHaveChanged();

    assertThat(approvals.waitingIfChanged()).containsExactly("a", "b");
    assertThat(approvals.waitingIfChanged()).isNull();

    answer("a", ApprovalDecision.ALLOW);
    approvals.deliver();
    assertThat(approvals.waitingIfChanged()).containsExactly("b");
  }

  @Test
  void aBridgeHearsEveryAnswerForACallThatHasNotEnded() {
    ask("open");
    ask("done");
    ask("allowed");
    answer("done", ApprovalDecision.ALLOW);
    write(
        NewEvent.of(
            ToolJournal.id("done", "ended"), new SessionEvent.ToolCompleted("done", false, null)));
    answer("allowed", ApprovalDecision.ALLOW);

    approvals.deliver();

    assertThat(told).containsExactly(new ApprovalAnswer("allowed", ApprovalDecision.ALLOW, "said"));
  }

  @Test
  void aBridgeHearsTheAnswerForACallHoweverMuchWasAskedSince() {
    ask("old");
    var since =
        IntStream.range(0, 40)
            .mapToObj(n -> "c" + n)
            .flatMap(call ->
                Stream.of(
                    ApprovalLog.requested(request(call), 1).getFirst(),
                    NewEvent.of(
                        ToolJournal.id(call, "ended"), new SessionEvent.ToolDenied(call, null))))
            .toArray(NewEvent[]::new);
    write(since);
    answer("old", ApprovalDecision.ALLOW);

    approvals.deliver();

    assertThat(told).containsExactly(new ApprovalAnswer("old", ApprovalDecision.ALLOW, "said"));
    assertThat(new ToolJournal(db).asked(session.id(), true))
        .hasSize(33)
        .first()
        .isEqualTo(new AskedCall("old", false, ApprovalDecision.ALLOW, "said"));
  }

  /** A5: the answer may come between the loss of a sandbox and the question of the next one. */
  @Test
  void aCallThatIsAskedForAgainHearsWhatWasDecidedAndTheSessionRunsOn() {
    session.message(new TurnId(UUID.randomUUID().toString()));
    ask("a");
    answer("a", ApprovalDecision.DENY);
    ask("a");
    assertThat(status()).isEqualTo("running");
    write(ApprovalLog.requested(request("a"), 2).getLast());
    assertThat(status()).isEqualTo("requires_action");

    approvals.askedAgain("a");

    assertThat(told).containsExactly(new ApprovalAnswer("a", ApprovalDecision.DENY, "said"));
    assertThat(status()).isEqualTo("running");
  }

  @Test
  void aCallThatIsOverIsWithdrawnWhenItIsAskedForAgain() {
    ask("a");
    write(NewEvent.of(ToolJournal.id("a", "ended"), new SessionEvent.ToolDenied("a", null)));

    approvals.askedAgain("a");

    assertThat(told).containsExactly(new ApprovalAnswer("a", ApprovalDecision.WITHDRAW, null));
  }

  @Test
  void aCallThatWaitsIsNotAnswered() {
    ask("a");

    approvals.askedAgain("a");

    assertThat(told).isEmpty();
  }

  /** A5. */
  @Test
  void theNextSandboxKnowsWhichCallsWaitedAndWhatWasDecided() {
    ask("open");
    ask("allowed");
    answer("allowed", ApprovalDecision.ALLOW);
    ask("ran");
    answer("ran", ApprovalDecision.ALLOW);
    write(
        NewEvent.of(ToolJournal.id("ran", "started"), new SessionEvent.ToolStarted("ran", "Bash")));
    var journal = new ToolJournal(db);

    assertThat(journal.asked(session.id(), true))
        .containsExactly(
            new AskedCall("open", false, null, null),
            new AskedCall("allowed", false, ApprovalDecision.ALLOW, "said"));
    ApprovalLog.withdrawAll(db, session.id());
    assertThat(journal.asked(session.id(), true))
        .containsExactly(
            new AskedCall("open", true, ApprovalDecision.WITHDRAW, null),
            new AskedCall("allowed", true, ApprovalDecision.ALLOW, "said"));
    assertThat(events())
        .extracting(EventEnvelope::id)
        .contains("tool/open/ended", "tool/allowed/ended")
        .doesNotContain("tool/ran/ended");
  }

  /** Of a subagent that asked between turns, and whose sandbox was stopped as idle since. */
  @Test
  void aQuestionToWhichNoAgentComesBackIsOver() {
    ask("open");
    ask("allowed");
    answer("allowed", ApprovalDecision.ALLOW);
    var journal = new ToolJournal(db);

    assertThat(journal.unknown(session.id(), 2, true)).isEmpty();
    write(journal.unknown(session.id(), 2, false).toArray(NewEvent[]::new));

    assertThat(ApprovalLog.open(db, session.id())).isEmpty();
    assertThat(events())
        .extracting(EventEnvelope::id)
        .endsWith("tool/open/answered", "tool/open/ended", "tool/allowed/ended");
    assertThat(journal.unknown(session.id(), 2, false)).isEmpty();
  }

  /** What would be lost if the sandbox were parked. */
  @Test
  void aCallRunsUntilItEndsAndNotWhileItWaits() {
    var journal = new ToolJournal(db);
    ask("waits");
    write(started("runs"), started("waits"), started("done"));
    write(
        NewEvent.of(
            ToolJournal.id("done", "ended"), new SessionEvent.ToolCompleted("done", false, null)));

    assertThat(journal.running(session.id(), 1)).isEqualTo(1);
    assertThat(journal.running(session.id(), 2)).isZero();
    answer("waits", ApprovalDecision.ALLOW);
    assertThat(journal.running(session.id(), 1)).isEqualTo(2);
  }

  private static NewEvent started(String call) {
    return NewEvent.of(ToolJournal.id(call, "started"), new SessionEvent.ToolStarted(call, "Bash"));
  }

  private void ask(String call) {
    write(ApprovalLog.requested(request(call), 1).toArray(NewEvent[]::new));
  }

  private static ApprovalRequested request(String call) {
    var input = ProtocolJson.mapper().createObjectNode();
    return new ApprovalRequested(call, "Bash", input, false, null, null, null);
  }

  private void answer(String call, ApprovalDecision decision) {
    ApprovalLog.answer(
        db, session.id(), new ApprovalAnswered(call, decision, "said", ApprovalSource.USER));
  }

  private void write(NewEvent... events) {
    EventLog.append(db, new Request(session.id(), new EventWriter.Sandbox(1), List.of(events)));
  }

  private List<EventEnvelope> events() {
    return EventLog.read(db, session.id(), 0, 100);
  }

  private String status() {
    return String.valueOf(
        db.select(SESSIONS.STATUS)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(session.uuid()))
            .fetchOne(SESSIONS.STATUS));
  }
}
