package dev.berth.activities.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand.UnknownCall;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import java.util.List;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ToolJournalTest {
  private static final TurnId TURN = new TurnId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");

  private static TestDatabase database;
  private static DSLContext db;

  private ToolJournal journal;
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
    journal = new ToolJournal(db);
    session = TestSession.in(db);
    session.sandbox("host-1", 1);
  }

  @Test
  void ofCallsThatWereStartedAndNotEndedNobodyKnowsTheOutcome() {
    write(1, proposed("never"), proposed("cut"), started("cut"), started("done"), ended("done"));

    assertThat(journal.unknown(session.id(), 2, true))
        .containsExactly(
            NewEvent.of("tool/cut/unknown", new SessionEvent.ToolOutcomeUnknown("cut", "Bash"))
                .inTurn(TURN, new MessageId(TURN.value())));
  }

  @Test
  void whatWasSaidIsNotSaidAgain() {
    write(1, started("cut"));
    session.sandbox("host-1", 2);
    write(2, journal.unknown(session.id(), 2, true).toArray(NewEvent[]::new));

    assertThat(journal.unknown(session.id(), 3, true)).isEmpty();
  }

  @Test
  void theModelIsToldUntilTheTurnHasEnded() {
    session.message(TURN);
    write(1, started("cut"));
    session.sandbox("host-1", 2);
    write(2, journal.unknown(session.id(), 2, true).toArray(NewEvent[]::new));
    session.sandbox("host-1", 3);

    // The sandbox of epoch 2 may never have come up: that of epoch 3 tells it too.
    assertThat(journal.toTell(session.id())).containsExactly(new UnknownCall("cut", "Bash"));

    write(
        3,
        new TurnEnds(db)
            .event(session.id(), TURN, new MessageId(TURN.value()), StopReason.INTERRUPTED, null));
    assertThat(journal.toTell(session.id())).isEmpty();
  }

  @Test
  void callsOfTheSandboxThatServesAreNotOver() {
    write(1, started("running"));

    assertThat(journal.unknown(session.id(), 1, true)).isEmpty();
  }

  @Test
  void otherSessionsAreNotConcerned() {
    write(1, started("cut"));

    assertThat(journal.unknown(TestSession.in(db).id(), 2, true)).isEmpty();
  }

  private void write(int epoch, NewEvent... events) {
    EventLog.append(db, new Request(session.id(), new EventWriter.Sandbox(epoch), List.of(events)));
  }

  private static NewEvent proposed(String id) {
    return inTurn(id, "proposed", new SessionEvent.ToolProposed(id, "Bash", "hash", null));
  }

  private static NewEvent started(String id) {
    return inTurn(id, "started", new SessionEvent.ToolStarted(id, "Bash"));
  }

  private static NewEvent ended(String id) {
    return inTurn(id, "ended", new SessionEvent.ToolCompleted(id, false, null));
  }

  private static NewEvent inTurn(String id, String step, SessionEvent event) {
    return NewEvent.of(ToolJournal.id(id, step), event).inTurn(TURN, new MessageId(TURN.value()));
  }
}
