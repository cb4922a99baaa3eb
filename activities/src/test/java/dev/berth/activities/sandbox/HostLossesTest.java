package dev.berth.activities.sandbox;

import static dev.berth.activities.TestSession.PROJECT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.transcript.Transcript;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.HostId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.AgentMessage;
import dev.berth.protocol.event.SessionEvent.HostLost;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HostLossesTest {
  private static TestDatabase database;
  private static DSLContext db;

  private TestSession session;
  private GroupCommit log;

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
    log = new GroupCommit(db);
  }

  @AfterEach
  void endTheSession() {
    log.close();
  }

  @Test
  void a20TheLogSaysHowFarTheTranscriptGoesThatIsKept() {
    serve("host-1", 1);
    say(1, "u1");
    say(1, "u2");
    say(1, "u3");
    var next = serve("host-2", 2);

    tell("host-2", next, "u1", "u2");
    tell("host-2", next, "u1", "u2");

    assertThat(told())
        .containsExactly(
            new HostLost(new HostId("host-1"), 2, Instant.parse("2026-11-29T12:00:02Z"), 0, null));
  }

  @Test
  void withoutATranscriptNothingOfItIsKept() {
    serve("host-1", 1);
    say(1, "u1");

    tell("host-2", serve("host-2", 2));

    assertThat(told()).containsExactly(new HostLost(new HostId("host-1"), 0, null, 0, null));
  }

  @Test
  void aSandboxThatEndedInOrderLeftNothingBehind() {
    var first = serve("host-1", 1);
    records("host-1").ended(first.sandbox(), SandboxEndReason.IDLE, "test");

    tell("host-2", serve("host-2", 2), "u1");

    assertThat(told()).isEmpty();
  }

  @Test
  void aHostThatGoesOnWithItsOwnSessionHasLostNothing() {
    serve("host-1", 1);

    tell("host-1", serve("host-1", 2), "u1");

    assertThat(told()).isEmpty();
  }

  private Serving serve(String host, int epoch) {
    var serving = new Serving(PROJECT, session.id(), session.sandbox(host, epoch), epoch);
    records(host).claimed(serving);
    return serving;
  }

  private void say(int epoch, String uuid) {
    EventLog.append(
        db,
        new Request(
            session.id(),
            new EventWriter.Sandbox(epoch),
            List.of(
                new NewEvent(
                    uuid, new AgentMessage(), null, null, "{\"uuid\": \"%s\"}".formatted(uuid)))));
  }

  /** The next sandbox starts with a transcript of these entries, a second apart. */
  private void tell(String host, Serving serving, String... uuids) {
    var entries =
        Stream.of(uuids)
            .map(uuid ->
                ProtocolJson.mapper()
                    .readTree(
                        "{\"uuid\": \"%s\", \"timestamp\": \"2026-11-29T12:00:0%sZ\"}"
                            .formatted(uuid, uuid.substring(1))))
            .toList();
    new HostLosses(db, records(host), new WorkspaceRecords(db), log)
        .tell(serving, new Transcript(entries, Map.of()));
  }

  private List<HostLost> told() {
    return EventLog.read(db, session.id(), 0, 100).stream()
        .map(EventEnvelope::event)
        .filter(HostLost.class::isInstance)
        .map(HostLost.class::cast)
        .toList();
  }

  private static SandboxRecords records(String host) {
    return new SandboxRecords(db, new HostId(host), URI.create("http://" + host));
  }
}
