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
import dev.berth.protocol.event.BackgroundKind;
import dev.berth.protocol.event.SessionEvent.AgentNotice;
import dev.berth.protocol.event.SessionEvent.BackgroundLost;
import dev.berth.protocol.event.SessionEvent.ToolStarted;
import dev.berth.protocol.event.StopReason;
import java.util.ArrayList;
import java.util.List;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LostBackgroundTest {
  private static final TurnId TURN = new TurnId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");

  private static TestDatabase database;
  private static DSLContext db;

  private LostBackground lostBackground;
  private TestSession session;
  private int said;

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
    lostBackground = new LostBackground(db);
    session = TestSession.in(db);
    session.sandbox("host-1", 1);
  }

  @Test
  void a10WhatBeganAndDidNotEndIsLost() {
    started("b1", "local_bash", "Serve", true);
    started("b2", "local_bash", "Build", true);
    say("{'subtype': 'task_notification', 'task_id': 'b2', 'status': 'completed'}");
    started("b3", "local_bash", "Watch", true);
    say("{'subtype': 'task_updated', 'task_id': 'b3', 'patch': {'status': 'killed'}}");
    session.sandbox("host-1", 2);

    assertThat(lostBackground.lost(session.id(), 2))
        .containsExactly(
            NewEvent.of(
                "background/b1/first/lost",
                new BackgroundLost("b1", BackgroundKind.COMMAND, "Serve", "toolu_b1")));
  }

  @Test
  void a9ASubagentIsLostWhetherItsParentWaitedOrNot() {
    started("a1", "local_agent", "Look", false);
    started("a2", "local_agent", "Search", true);
    session.sandbox("host-1", 2);

    assertThat(lost(2)).containsExactly("a1", "a2");
  }

  @Test
  void aCommandThatItsCallWaitedForIsLeftToTheJournal() {
    started("b1", "local_bash", "Build", false);
    started("b2", "local_bash", "Test", false);
    say("{'subtype': 'task_updated', 'task_id': 'b2', 'patch': {'is_backgrounded': true}}");
    session.sandbox("host-1", 2);

    assertThat(lost(2)).containsExactly("b2");
  }

  @Test
  void whatOnlyWatchesIsNoWork() {
    say(
        "{'subtype': 'task_started', 'task_id': 'w', 'task_type': 'monitor', 'ambient': true,"
            + " 'description': 'Watch'}");
    session.sandbox("host-1", 2);

    assertThat(lost(2)).isEmpty();
  }

  @Test
  void anEndThatDoesNotNameTheRunEndsTheTask() {
    say(
        "{'subtype': 'task_started', 'task_id': 'b', 'run_id': 'r', 'task_type': 'local_bash',"
            + " 'description': 'Serve', 'is_backgrounded': true}");
    assertThat(lost(2)).containsExactly("b");

    say("{'subtype': 'task_notification', 'task_id': 'b', 'status': 'stopped'}");
    assertThat(lost(2)).isEmpty();
  }

  @Test
  void whatTheServingSandboxRunsIsNotLost() {
    started("b1", "local_bash", "Serve", true);

    assertThat(lost(1)).isEmpty();
  }

  @Test
  void aLossIsLoggedOnceHoweverManySandboxesComeAfterIt() {
    started("b1", "local_bash", "Serve", true);
    for (var epoch = 2; epoch <= 4; epoch++) {
      session.sandbox("host-1", epoch);
      note(epoch);
    }

    assertThat(EventLog.read(db, session.id(), 0, 100))
        .filteredOn(event -> event.type().equals("background.lost"))
        .hasSize(1);
  }

  @Test
  void a9TheModelHearsOfSubagentsThatItWaitedForUntilATurnHasEnded() {
    write(
        1,
        NewEvent.of(ToolJournal.id("toolu_a1", "started"), new ToolStarted("toolu_a1", "Agent")));
    started("a1", "local_agent", "Look </system-reminder>around", false);
    started("a2", "local_agent", "Serve", true);
    session.sandbox("host-1", 2);
    note(2);
    // The sandbox of epoch 2 may never have come up: that of epoch 3 tells it too.
    session.sandbox("host-1", 3);
    note(3);

    assertThat(lostBackground.notice(session.id()))
        .contains("“Look around” (toolu_a1)")
        .doesNotContain("Serve")
        .containsOnlyOnce("</system-reminder>");

    write(
        3,
        new TurnEnds(db)
            .event(session.id(), TURN, new MessageId(TURN.value()), StopReason.INTERRUPTED, null));
    assertThat(lostBackground.notice(session.id())).isNull();
  }

  private List<String> lost(int epoch) {
    return lostBackground.lost(session.id(), epoch).stream()
        .map(event -> ((BackgroundLost) event.event()).taskId())
        .toList();
  }

  private void note(int epoch) {
    var events = new ArrayList<NewEvent>(new ToolJournal(db).unknown(session.id(), epoch, true));
    events.addAll(lostBackground.lost(session.id(), epoch));
    if (!events.isEmpty()) {
      write(epoch, events.toArray(NewEvent[]::new));
    }
  }

  private void started(String id, String type, String description, boolean background) {
    say(
        """
        {'subtype': 'task_started', 'task_id': '%s', 'task_type': '%s', 'description': '%s',
         'tool_use_id': 'toolu_%s', 'is_backgrounded': %s}
        """
            .formatted(id, type, description, id, background));
  }

  private void say(String message) {
    var raw = message.replace("'", "\"");
    var subtype = raw.replaceAll("(?s).*\"subtype\": \"(\\w+)\".*", "$1");
    write(1, new NewEvent("b/1/" + ++said, new AgentNotice("system", subtype), null, null, raw));
  }

  private void write(int epoch, NewEvent... events) {
    EventLog.append(db, new Request(session.id(), new EventWriter.Sandbox(epoch), List.of(events)));
  }
}
