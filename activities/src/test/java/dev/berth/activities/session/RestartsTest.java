package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.db.AppendOutcome;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.SandboxStarted;
import dev.berth.protocol.event.SessionEvent.SessionRestarted;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the log says of stops and restarts, and that the row says the same. */
@Timeout(60)
class RestartsTest {
  private static final SessionRestarted RESTARTED =
      new SessionRestarted(StopReason.TRANSCRIPT_MISSING, "user: hi");

  private static TestDatabase database;
  private static DSLContext db;
  private static Restarts restarts;

  private TestSession session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    restarts = new Restarts(db);
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void beginASession() {
    session = TestSession.in(db);
  }

  @Test
  void c6AnAgentThatHasWorkedMustRememberItUnlessTheSessionWasRestarted() {
    assertThat(restarts.mustRemember(session.id())).isFalse();
    append(completed());
    assertThat(restarts.mustRemember(session.id())).isTrue();
    append(RESTARTED);
    assertThat(restarts.mustRemember(session.id())).isFalse();
    append(completed());
    assertThat(restarts.mustRemember(session.id())).isTrue();
  }

  @Test
  void c6ARestartIsTakenUpByOneSandboxAndToldByTheFirstTurn() {
    append(RESTARTED);
    assertThat(restarts.isAskedFor(session.id())).isTrue();
    assertThat(restarts.untold(session.id())).isEqualTo(RESTARTED);

    append(new SandboxStarted(new SandboxId("sb-0123456789abcdef"), new HostId("h"), false));
    assertThat(restarts.isAskedFor(session.id())).isFalse();
    assertThat(restarts.untold(session.id())).isEqualTo(RESTARTED);

    append(completed());
    assertThat(restarts.untold(session.id())).isNull();
  }

  /** A message that was withdrawn never was a turn: it leaves the session's reason alone. */
  @ParameterizedTest
  @EnumSource(value = StopReason.class, mode = EnumSource.Mode.EXCLUDE, names = "WITHDRAWN")
  void everyStopReasonIsInTheEventAndInTheRow(StopReason reason) {
    var turn = new TurnId(UUID.randomUUID().toString());
    var ends = new TurnEnds(db);
    var event =
        ends.event(
            session.id(),
            turn,
            new MessageId(turn.value()),
            reason,
            new Problem(ProblemType.INTERNAL, "x"));
    EventLog.append(db, new Request(session.id(), EventWriter.PLATFORM, List.of(event)));

    var ended = requireNonNull(ends.find(session.id(), turn));
    assertThat(ended.reason()).isEqualTo(reason);
    assertThat(row().get(SESSIONS.STOP_REASON)).isEqualTo(reason.wireName());
    assertThat(StopReason.of(reason.wireName())).isEqualTo(reason);
  }

  @ParameterizedTest
  @EnumSource(SandboxEndReason.class)
  void everyReasonOfARestartIsInTheRow(SandboxEndReason reason) {
    append(new SessionEvent.Rescheduled(reason, 2));

    assertThat(row().get(SESSIONS.RESTART_REASON)).isEqualTo(reason.wireName());
  }

  @Test
  void b6WhatStillRunsForAClosedSessionCannotWrite() {
    session.sandbox("host-1", 3);
    append(new SessionEvent.StatusChanged(SessionStatus.TERMINATED, "deleted"));

    var late =
        EventLog.append(
            db,
            new Request(
                session.id(),
                new EventWriter.Sandbox(3),
                List.of(NewEvent.of("late", new SessionEvent.AgentMessage()))));
    assertThat(late).isInstanceOf(AppendOutcome.Superseded.class);
    assertThat(row().get(SESSIONS.STATUS)).isEqualTo("terminated");
  }

  private static TurnCompleted completed() {
    return new TurnCompleted(StopReason.END_TURN, 1, 0, 0, TokenUsage.NONE);
  }

  private void append(SessionEvent event) {
    EventLog.append(
        db,
        new Request(
            session.id(),
            EventWriter.PLATFORM,
            List.of(NewEvent.of(UUID.randomUUID().toString(), event))));
  }

  private Record row() {
    return db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(session.uuid()));
  }
}
