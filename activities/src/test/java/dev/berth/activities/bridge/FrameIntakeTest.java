package dev.berth.activities.bridge;

import static dev.berth.activities.TestSession.PROJECT;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestSession;
import dev.berth.activities.live.LiveChannel;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.transcript.TranscriptStore;
import dev.berth.activities.transcript.TranscriptWriter;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.ApprovalSource;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.ToolOutcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A bridge's connection, from its lines to committed events, and back to acknowledgements. */
@Timeout(60)
class FrameIntakeTest {
  private static final TurnId TURN = new TurnId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");

  @TempDir private static Path folder;
  private static TestDatabase database;
  private static DSLContext db;
  private static TestObjects objects;

  private final LiveChannel live = new LiveChannel();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private TestSession session;
  private GroupCommit log;
  private TranscriptWriter transcript;
  private Door door;
  private FrameIntake intake;

  /** The control socket, with the connection on the worker's side and the bridge's end of it. */
  private record Door(
      ControlDoor control,
      BridgeConnection connection,
      SocketChannel bridge,
      BufferedReader commands) {
    static Door open(Path socket) throws Exception {
      var accepted = new LinkedBlockingQueue<BridgeConnection>();
      var owner = (Integer) Files.getAttribute(socket.getParent(), "unix:uid");
      var control = ControlDoor.open(socket, owner, accepted::add);
      var bridge = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      return new Door(
          control,
          requireNonNull(accepted.poll(30, TimeUnit.SECONDS)),
          bridge,
          new BufferedReader(Channels.newReader(bridge, UTF_8)));
    }

    void say(String text) throws IOException {
      var bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        bridge.write(bytes);
      }
    }

    @Nullable BridgeCommand hear() throws IOException {
      var line = commands.readLine();
      return line == null ? null : ProtocolJson.mapper().readValue(line, BridgeCommand.class);
    }

    void close() throws IOException {
      connection.close();
      bridge.close();
      control.close();
    }
  }

  @BeforeAll
  static void startServers() throws Exception {
    database = TestDatabase.start();
    db = database.dsl();
    objects = TestObjects.in(Files.createDirectory(folder.resolve("objects")));
  }

  @AfterAll
  static void stopServers() throws Exception {
    objects.close();
    database.close();
  }

  @BeforeEach
  void attach() throws Exception {
    session = TestSession.in(db);
    var sandbox = session.sandbox("host-1", 1);
    db.update(SESSIONS)
        .set(SESSIONS.ATTACHMENT, 1)
        .where(SESSIONS.SESSION_ID.eq(session.uuid()))
        .execute();
    log = new GroupCommit(db);
    transcript = new TranscriptWriter(objects.store(), PROJECT, session.id(), 1);
    door = Door.open(folder.resolve(sandbox.value()));
    intake =
        new FrameIntake(
            new Attachment(PROJECT, session.id(), sandbox, 1, 1),
            door.connection(),
            log,
            transcript,
            new TurnEnds(db),
            live,
            new FrameIntake.Listener() {
              @Override
              public void turnEnded(BridgeFrame.TurnEnded frame, long seq, boolean idle) {
                heard.add("turn ended " + seq);
              }

              @Override
              public void clientToolCalled(BridgeFrame.ClientToolCall frame) {
                heard.add("called " + frame.callId());
              }

              @Override
              public void clientToolClosed(BridgeFrame.ClientToolClosed frame) {
                heard.add("closed " + frame.callId());
              }

              @Override
              public void agentExited(BridgeFrame.AgentExited frame) {
                heard.add("exited " + frame.detail());
              }

              @Override
              public void approvalRequested(BridgeFrame.ApprovalRequested frame, boolean first) {
                heard.add("asked %s%s".formatted(frame.toolUseId(), first ? "" : " again"));
              }

              @Override
              public void approvalClosed() {
                heard.add("approval closed");
              }

              @Override
              public void backgroundTasks(BridgeFrame.BackgroundTasks frame) {
                heard.add("background " + frame.tasks().size());
              }

              @Override
              public void superseded() {
                heard.add("superseded");
              }
            });
  }

  @AfterEach
  void detach() throws Exception {
    intake.end();
    door.close();
    assertThat(transcript.end()).isTrue();
    log.close();
  }

  @Test
  void aFrameIsAcknowledgedWhenItsEventIsCommitted() throws Exception {
    intake.accept(message(1));

    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(1));
    assertThat(events()).extracting(EventEnvelope::id).containsExactly("b/1/1");
  }

  @Test
  void aFrameThatComesAgainIsAcknowledgedAgainAndStoredOnce() throws Exception {
    intake.accept(message(1));
    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(1));
    intake.accept(message(1));
    intake.accept(message(2));

    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(2));
    assertThat(events()).extracting(EventEnvelope::id).containsExactly("b/1/1", "b/1/2");
  }

  @Test
  void aTranscriptPartIsAcknowledgedWhenItIsInObjectStorageAndIsNoEvent() throws Exception {
    intake.accept(new BridgeFrame.TranscriptPart(1, null, List.of(json("{\"uuid\": \"a\"}"))));

    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(1));
    assertThat(new TranscriptStore(objects.store()).begin(PROJECT, session.id(), 2).main())
        .containsExactly(json("{\"uuid\": \"a\"}"));
    assertThat(events()).isEmpty();
  }

  @Test
  void whoWatchesSeesWhatTheBridgeSaidInItsOrder() throws Exception {
    try (var watcher = live.watch()) {
      assertThat(watcher.next(30, TimeUnit.SECONDS)).isEqualTo(new LiveFrame.Committed(0));
      intake.accept(new BridgeFrame.Delta(TURN, json("\"a\"")));
      intake.accept(message(1));
      intake.accept(new BridgeFrame.Delta(null, json("\"b\"")));

      assertThat(watcher.next(30, TimeUnit.SECONDS))
          .isEqualTo(new LiveFrame.Delta(1, 1, TURN, json("\"a\"")));
      assertThat(watcher.next(30, TimeUnit.SECONDS))
          .isEqualTo(new LiveFrame.Committed(1, events()));
      assertThat(watcher.next(30, TimeUnit.SECONDS))
          .isEqualTo(new LiveFrame.Delta(1, 1, null, json("\"b\"")));
    }
  }

  @Test
  void aToolCallHearsThatItsStartIsCommitted() throws Exception {
    intake.accept(new BridgeFrame.ToolProposed(1, TURN, "toolu_1", "Bash", "hash", null));
    intake.accept(new BridgeFrame.ToolStarted(2, TURN, "toolu_1", "Bash"));

    assertThat(recorded()).isEqualTo(new BridgeCommand.ToolRecorded("toolu_1", true));
    assertThat(events())
        .extracting(EventEnvelope::type)
        .containsExactly("tool.proposed", "tool.started");
  }

  /** The answer to a start, which does not wait for acknowledgements. */
  private @Nullable BridgeCommand recorded() throws Exception {
    @Nullable BridgeCommand heard;
    do {
      heard = door.hear();
    } while (heard instanceof BridgeCommand.Ack);
    return heard;
  }

  /** A bridge does not repeat what is acknowledged: it would wait for the answer for good. */
  @Test
  void aStartIsAcknowledgedOnlyWhenItWasAnswered() throws Exception {
    for (var number = 1; number <= 100; number++) {
      var call = "toolu_" + number;
      intake.accept(new BridgeFrame.ToolStarted(number, TURN, call, "Bash"));

      assertThat(door.hear()).isEqualTo(new BridgeCommand.ToolRecorded(call, true));
      assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(number));
    }
  }

  @Test
  void aStartThatABridgeRepeatsIsStillTheFirst() throws Exception {
    intake.accept(new BridgeFrame.ToolStarted(1, TURN, "toolu_1", "Bash"));
    assertThat(recorded()).isEqualTo(new BridgeCommand.ToolRecorded("toolu_1", true));

    intake.accept(new BridgeFrame.ToolStarted(1, TURN, "toolu_1", "Bash"));

    assertThat(recorded()).isEqualTo(new BridgeCommand.ToolRecorded("toolu_1", true));
    assertThat(events()).hasSize(1);
  }

  @Test
  void aCallThatAnEarlierSandboxStartedIsNotTheFirst() throws Exception {
    EventLog.append(
        db,
        new EventLog.Request(
            session.id(),
            EventWriter.PLATFORM,
            List.of(
                NewEvent.of(
                    ToolJournal.id("toolu_1", "started"),
                    new SessionEvent.ToolStarted("toolu_1", "Bash")))));

    intake.accept(new BridgeFrame.ToolStarted(1, TURN, "toolu_1", "Bash"));

    assertThat(recorded()).isEqualTo(new BridgeCommand.ToolRecorded("toolu_1", false));
  }

  @Test
  void aCallThatWaitsForAPersonIsAnEventAndAStatusAndIsTold() throws Exception {
    intake.accept(
        new BridgeFrame.ApprovalRequested(
            1, TURN, "toolu_1", "Bash", json("{}"), false, null, "Run it?", null));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("asked toolu_1");
    assertThat(events())
        .extracting(EventEnvelope::id)
        .containsExactly("tool/toolu_1/asked", "tool/toolu_1/asked/1");

    intake.accept(
        new BridgeFrame.ApprovalRequested(
            2, TURN, "toolu_1", "Bash", json("{}"), false, null, "Run it?", null));
    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("asked toolu_1 again");
  }

  @Test
  void aCallThatWaitsNoMoreIsAnsweredByWhoeverEndedTheWait() throws Exception {
    intake.accept(new BridgeFrame.ApprovalClosed(1, TURN, "toolu_1", ApprovalSource.SANDBOX_LOST));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("approval closed");
    assertThat(events())
        .extracting(EventEnvelope::event)
        .containsExactly(
            new SessionEvent.ApprovalAnswered(
                "toolu_1", ApprovalDecision.WITHDRAW, null, ApprovalSource.SANDBOX_LOST));
  }

  @Test
  void whatRunsInTheBackgroundIsHeardAndNotStored() throws Exception {
    var task = new BackgroundTask("b1", "local_bash", "npm run dev");
    intake.accept(new BridgeFrame.BackgroundTasks(List.of(task)));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("background 1");
    assertThat(events()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ToolOutcome.class)
  void theEndOfAToolCallIsCommitted(ToolOutcome outcome) throws Exception {
    intake.accept(new BridgeFrame.ToolEnded(1, TURN, "toolu_1", outcome, null));

    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(1));
    assertThat(events())
        .extracting(EventEnvelope::event)
        .containsExactly(
            switch (outcome) {
              case COMPLETED -> new SessionEvent.ToolCompleted("toolu_1", false, null);
              case FAILED -> new SessionEvent.ToolCompleted("toolu_1", true, null);
              case TIMED_OUT ->
                  new SessionEvent.ToolCompleted("toolu_1", true, ProblemType.TOOL_TIMED_OUT);
              case DENIED -> new SessionEvent.ToolDenied("toolu_1", null);
            });
  }

  @Test
  void aCallsMessageProposalAndStartAreOneTransaction() throws Exception {
    var call =
        "\"turn_id\": \"%s\", \"tool_use_id\": \"toolu_1\", \"name\": \"Bash\"".formatted(TURN);
    door.say(
        """
        {"type": "sdk_message", "frame": 1, "turn_id": "%s", "message": {"type": "assistant"}}
        {"type": "tool_proposed", "frame": 2, %s, "input_hash": "h"}
        {"type": "tool_started", "frame": 3, %s}
        """
            .formatted(TURN, call, call));

    var together = door.connection().readTogether();
    intake.accept(together);

    assertThat(together).hasSize(3);
    assertThat(recorded()).isEqualTo(new BridgeCommand.ToolRecorded("toolu_1", true));
    assertThat(transactions()).isEqualTo(1);
  }

  @Test
  void aLineThatIsNoFrameEndsTheConnectionAfterThoseBeforeIt() throws Exception {
    door.say("{\"type\": \"heartbeat\"}\nhello\n");

    assertThat(door.connection().readTogether()).containsExactly(new BridgeFrame.Heartbeat());
    assertThat(door.connection().readTogether()).isEmpty();
  }

  @Test
  void theLastWordOfAnAgentIsHeardAfterWhatItSaidBefore() throws Exception {
    intake.accept(
        List.of(message(1), new BridgeFrame.AgentExited(2, 1, null, "out of words", null)));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("exited out of words");
    assertThat(door.hear()).isIn(new BridgeCommand.Ack(1), new BridgeCommand.Ack(2));
    assertThat(events()).hasSize(1);
  }

  @Test
  void anEndThatWasPutTogetherSaysSo() throws Exception {
    intake.accept(
        new BridgeFrame.TurnEnded(
            1,
            TURN,
            new MessageId(TURN.value()),
            StopReason.END_TURN,
            json("{\"result\": \"All of it.\"}"),
            null,
            true));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("turn ended 2");
    var end = events().getFirst();
    assertThat(end.event())
        .isInstanceOfSatisfying(
            SessionEvent.TurnCompleted.class, turn -> assertThat(turn.synthesised()).isTrue());
    assertThat(end.raw()).isEqualTo(json("{\"result\": \"All of it.\"}"));
  }

  @Test
  void theEndOfATurnIsToldWithItsNumberAfterItIsCommitted() throws Exception {
    intake.accept(message(1));
    intake.accept(
        new BridgeFrame.TurnEnded(
            2, TURN, new MessageId(TURN.value()), StopReason.END_TURN, json("{}"), null, null));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("turn ended 3");
    assertThat(events()).extracting(EventEnvelope::id).contains(TurnEnds.id(TURN));
  }

  @Test
  void theEndOfTheAgentIsToldAndAcknowledged() throws Exception {
    intake.accept(new BridgeFrame.AgentExited(1, 1, null, "out of words", null));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("exited out of words");
    assertThat(door.hear()).isEqualTo(new BridgeCommand.Ack(1));
  }

  @Test
  void aReplacedWorkerStoresNothingLetsGoAndSaysSo() throws Exception {
    db.update(SESSIONS)
        .set(SESSIONS.ATTACHMENT, 2)
        .where(SESSIONS.SESSION_ID.eq(session.uuid()))
        .execute();

    intake.accept(message(1));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("superseded");
    assertThat(door.hear()).as("the connection is closed, unacknowledged").isNull();
    assertThat(events()).isEmpty();
  }

  @Test
  void aReplacedSandboxStoresNothingEither() throws Exception {
    session.sandbox("host-2", 2);

    intake.accept(message(1));

    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("superseded");
    assertThat(events()).isEmpty();
  }

  @Test
  void aFrameIsALineAndMayComeInPieces() throws Exception {
    door.say("{\"type\": \"heart");
    door.say("beat\"}\n{\"type\": \"tomorrows\"}\n");

    assertThat(door.connection().read()).isEqualTo(new BridgeFrame.Heartbeat());
    assertThat(door.connection().read()).isEqualTo(new BridgeFrame.Unrecognized("tomorrows"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hello\n", "{\n", "[]\n", "{\"type\": \"attached\", \"attachment\": []}\n"})
  void aLineThatIsNoFrameEndsTheConnection(String line) throws Exception {
    door.say(line);

    assertThat(door.connection().read()).isNull();
  }

  @Test
  void aConnectionThatEndsInTheMiddleOfALineIsOver() throws Exception {
    door.say("{\"type\": \"heartbeat\"}");
    door.bridge().close();

    assertThat(door.connection().read()).isNull();
  }

  @Test
  void aCommandToABridgeThatIsGoneIsNotSent() throws Exception {
    door.connection().close();

    assertThat(door.connection().send(new BridgeCommand.Heartbeat())).isFalse();
  }

  @Test
  void aDoorTakesThePlaceOfOneThatADeadWorkerLeft() throws Exception {
    var socket = folder.resolve("left");
    Files.createFile(socket);

    var reopened = Door.open(socket);

    reopened.say("{\"type\": \"heartbeat\"}\n");
    assertThat(reopened.connection().read()).isEqualTo(new BridgeFrame.Heartbeat());
    reopened.close();
  }

  /** In how many transactions the session's events were written. */
  private int transactions() {
    return db.fetch("select distinct xmin from events where session_id = ?", session.uuid()).size();
  }

  private List<EventEnvelope> events() {
    return EventLog.read(db, session.id(), 0, 100);
  }

  private static BridgeFrame message(long frame) {
    return new BridgeFrame.SdkMessage(frame, TURN, json("{\"type\": \"assistant\"}"));
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
