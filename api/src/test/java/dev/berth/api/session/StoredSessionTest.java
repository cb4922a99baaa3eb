package dev.berth.api.session;

import static dev.berth.db.generated.Tables.CLIENT_TOOL_CALLS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.berth.api.TestProject;
import dev.berth.api.auth.EndUser;
import dev.berth.api.auth.TokenClaims;
import dev.berth.api.session.MessageRecords.Stored;
import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.LogCuts;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.client.ClientFrame;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent.ClientToolCalled;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.TokenUsage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What of sessions lies in the database: rows, messages, answers of clients' tools. */
@Timeout(60)
class StoredSessionTest {
  private static final MessageId MESSAGE = new MessageId("7b0c9a52-0d0f-4f0e-9f7e-3d2c1b0a9f8e");

  private static TestDatabase database;
  private static DSLContext db;
  private static SessionRecords records;

  private TestProject project;
  private EndUser jane;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    records = new SessionRecords(db);
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void beginAProject() {
    project = TestProject.in(db);
    jane = project.user("jane");
  }

  @Test
  void aNewSessionHasARowAndSaysInItsLogWhatWasCut() {
    var session =
        records.create(jane, options("{\"model\": \"opus\", \"env\": {\"HOME\": \"/\"}}"));

    assertThat(events(session.id()))
        .extracting(EventEnvelope::type)
        .containsExactly("session.opened", "options.clamped");
    assertThat(session.lastSeq()).isEqualTo(2);
    assertThat(records.find(jane, session.id())).isEqualTo(session);
    var row = db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session.id())));
    assertThat(row.get(SESSIONS.STATE)).isEqualTo("running");
    assertThat(row.get(SESSIONS.MODEL)).isEqualTo("claude-opus-4-5-20251101");
    assertThat(row.get(SESSIONS.ALLOWED_MODELS)).isNull();
  }

  @Test
  void theModelsOfTheTokenAreThoseThatTheGatewayAllows() {
    var session =
        records.create(jane, options("{}", "{\"permissions\": {\"allowedModels\": [\"haiku\"]}}"));

    assertThat(
            db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session.id())))
                .get(SESSIONS.ALLOWED_MODELS))
        .containsExactly("claude-haiku-4-5-20251001");
  }

  @Test
  void aSessionBelongsToItsUserAndProjectOnly() {
    var session = records.create(jane, options("{}")).id();

    assertThat(records.find(jane, session)).isNotNull();
    assertThat(records.find(project.user("john"), session)).isNull();
    assertThat(records.find(TestProject.in(db).user("jane"), session)).isNull();
  }

  @Test
  void aResumedSessionTakesTheOptionsOfWhoResumesIt() {
    var session = records.create(jane, options("{\"model\": \"opus\"}"));

    records.resume(session, options("{\"model\": \"haiku\", \"env\": {\"PATH\": \"x\"}}"));

    assertThat(requireNonNull(records.find(jane, session.id())).model())
        .isEqualTo("claude-haiku-4-5-20251001");
    assertThat(events(session.id()))
        .extracting(EventEnvelope::type)
        .containsExactly("session.opened", "options.clamped");
  }

  @Test
  void theLatestSessionIsTheLastOneInWhichSomethingWasSaid() {
    var earlier = records.create(jane, options("{}"));
    var latest = records.create(jane, options("{}"));
    var silent = records.create(jane, options("{}"));
    var ofAnother = records.create(project.user("john"), options("{}"));
    Stream.of(earlier, latest, ofAnother).forEach(session -> store(session, MESSAGE, "\"hi\""));

    assertThat(records.latest(jane)).extracting(SessionRow::id).isEqualTo(latest.id());
    assertThat(records.latest(project.user("nobody"))).isNull();
    assertThat(silent.id()).isNotEqualTo(latest.id());
  }

  @Test
  void aMessageIsStoredWithItsEventInOneStep() {
    var session = records.create(jane, options("{}"));

    var stored = store(session, MESSAGE, "[{\"type\": \"text\", \"text\": \"hi\"}]");

    assertThat(stored).isEqualTo(new Stored(2, false, false));
    var event = events(session.id()).getLast();
    assertThat(event.type()).isEqualTo("message.accepted");
    assertThat(event.messageId()).isEqualTo(MESSAGE);
    assertThat(requireNonNull(event.turnId()).value()).isEqualTo(MESSAGE.value());
    assertThat(messages(session)).isEqualTo(1);
  }

  @Test
  void theSameMessageAgainIsTheSameMessage() {
    var session = records.create(jane, options("{}"));
    store(session, MESSAGE, "\"hi\"");

    assertThat(store(session, MESSAGE, "\"hi\"")).isEqualTo(new Stored(2, true, false));
    assertThat(messages(session)).isEqualTo(1);
    assertThat(events(session.id())).hasSize(2);
  }

  @Test
  void anotherMessageUnderAUsedIdIsRefused() {
    var session = records.create(jane, options("{}"));
    store(session, MESSAGE, "\"hi\"");

    assertThatThrownBy(() -> store(session, MESSAGE, "\"something else\""))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.MESSAGE_CONFLICT))
        .hasMessageContaining(MESSAGE.value());
    assertThat(events(session.id())).hasSize(2);
  }

  @Test
  void twoSessionsMayUseTheSameId() {
    var one = records.create(jane, options("{}"));
    var other = records.create(jane, options("{}"));

    assertThat(store(one, MESSAGE, "\"hi\"")).isEqualTo(new Stored(2, false, false));
    assertThat(store(other, MESSAGE, "\"hello\"")).isEqualTo(new Stored(2, false, false));
  }

  @Test
  void aMessageThatComesAgainWhenItsEventsAreDeletedIsKnown() {
    var session = records.create(jane, options("{}"));
    store(session, MESSAGE, "\"hi\"");
    var end = new TurnId(MESSAGE.value());
    EventLog.append(
        db,
        new EventLog.Request(
            session.id(),
            EventWriter.PLATFORM,
            List.of(
                NewEvent.of(end.endEvent(), new TurnInterrupted(1, 0, 0, TokenUsage.NONE))
                    .inTurn(end, MESSAGE))));
    assertThat(LogCuts.cut(db, session.id(), 3)).isEqualTo(3);

    assertThat(store(session, MESSAGE, "\"hi\"")).isEqualTo(new Stored(2, true, true));
    assertThatThrownBy(() -> store(session, MESSAGE, "\"other\""))
        .hasMessageContaining(MESSAGE.value());
  }

  @Test
  void ofEqualMessagesAtOnceOneIsStored() throws Exception {
    var session = records.create(jane, options("{}"));
    try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Stored> send = () -> store(session, MESSAGE, "\"hi\"");

      var stored = senders.invokeAll(List.of(send, send, send, send, send, send, send, send));

      assertThat(stored).extracting(one -> one.get().repeated()).containsOnlyOnce(false).hasSize(8);
      assertThat(stored).extracting(one -> one.get().seq()).containsOnly(2L);
    }
    assertThat(messages(session)).isEqualTo(1);
  }

  @Test
  void aMessageBringsACompletedSessionBack() {
    var session = records.create(jane, options("{}"));
    db.update(SESSIONS)
        .set(SESSIONS.STATE, "completed")
        .where(SESSIONS.SESSION_ID.eq(uuid(session.id())))
        .execute();

    store(session, MESSAGE, "\"hi\"");

    assertThat(
            db.fetchSingle(SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session.id())))
                .get(SESSIONS.STATE))
        .isEqualTo("running");
  }

  @Test
  void callsOfToolsGoToTheConnectionThatAnnouncedThemLast() {
    var session = records.create(jane, options("{}")).id();
    records.announceTools(session, "first");
    records.announceTools(session, "second");

    assertThat(records.ownsTools(session, "second")).isTrue();
    assertThat(records.ownsTools(session, "first")).isFalse();
  }

  @Test
  void openCallsAreThoseOfTheSandboxOfNowThatNobodyAnswered() {
    var session = records.create(jane, options("{}")).id();
    db.update(SESSIONS)
        .set(SESSIONS.EPOCH, 2)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();
    called(session, "of an older sandbox", 1);
    called(session, "answered", 2);
    called(session, "open", 2);
    records.answerTool(session, "answered", ProtocolJson.mapper().createObjectNode());

    assertThat(records.openToolCalls(session))
        .extracting(ClientToolCalled::callId)
        .containsExactly("open");
  }

  @Test
  void anAnswerIsTakenOnceInTheFormOfMcpAndTheHostIsTold() throws Exception {
    var session = records.create(jane, options("{}")).id();
    called(session, "c1", 0);
    var told = new ConcurrentLinkedQueue<String>();
    var host = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    host.createContext(
        "/",
        exchange -> {
          try (exchange) {
            told.add(
                "%s %s %s"
                    .formatted(
                        exchange.getRequestMethod(),
                        exchange.getRequestURI(),
                        exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.sendResponseHeaders(204, -1);
          }
        });
    host.start();
    db.update(SESSIONS)
        .set(SESSIONS.HOST_URL, "http://127.0.0.1:" + host.getAddress().getPort())
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();

    try (var client = HttpClient.newHttpClient()) {
      var answers = new ClientToolAnswers(records, client, new Secret("internal"));
      answers.answer(
          session,
          "c1",
          result(
              """
              {"content": [{"type": "text", "text": "t"},
                {"type": "resource", "uri": "file:///a", "mimeType": "text/plain", "text": "x"},
                {"type": "resource", "resource": {"uri": "file:///b"}}]}
              """));
      answers.answer(session, "c1", result("{\"content\": [], \"isError\": true}"));
      answers.answer(session, "unknown", result("{\"content\": []}"));
      db.update(CLIENT_TOOL_CALLS)
          .set(CLIENT_TOOL_CALLS.DELIVERED_AT, OffsetDateTime.now(ZoneOffset.UTC))
          .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(session)))
          .execute();
      answers.answer(session, "c1", result("{\"content\": []}"));
    } finally {
      host.stop(0);
    }

    var row = db.fetchSingle(CLIENT_TOOL_CALLS, CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(session)));
    assertThat(ProtocolJson.mapper().readTree(row.get(CLIENT_TOOL_CALLS.RESULT).data()))
        .isEqualTo(
            ProtocolJson.mapper()
                .readTree(
                    """
                    {"content": [{"type": "text", "text": "t"},
                      {"type": "resource",
                       "resource": {"uri": "file:///a", "mimeType": "text/plain", "text": "x"}},
                      {"type": "resource", "resource": {"uri": "file:///b"}}],
                     "isError": false}
                    """));
    var once = "POST /internal/sessions/" + session + "/tool-results Bearer internal";
    assertThat(told)
        .as("as often as it comes, until the agent was given it")
        .containsExactly(once, once);
  }

  private static void called(SessionId session, String call, int epoch) {
    db.insertInto(CLIENT_TOOL_CALLS)
        .set(CLIENT_TOOL_CALLS.SESSION_ID, uuid(session))
        .set(CLIENT_TOOL_CALLS.CALL_ID, call)
        .set(CLIENT_TOOL_CALLS.EPOCH, epoch)
        .execute();
    EventLog.append(
        db,
        new EventLog.Request(
            session,
            EventWriter.PLATFORM,
            List.of(
                NewEvent.of(
                    "call/" + call,
                    new ClientToolCalled(
                        call, "s", "t", ProtocolJson.mapper().createObjectNode(), null)))));
  }

  private static ClientFrame.ToolResult.Result result(String json) {
    return ProtocolJson.mapper().readValue(json, ClientFrame.ToolResult.Result.class);
  }

  private static Stored store(SessionRow session, MessageId id, String content) {
    return new MessageRecords(db)
        .store(
            session.id(),
            Message.of(id, ProtocolJson.mapper().readTree(content), SendPolicy.ENQUEUE));
  }

  private static int messages(SessionRow session) {
    return db.fetchCount(MESSAGES, MESSAGES.SESSION_ID.eq(uuid(session.id())));
  }

  private static List<EventEnvelope> events(SessionId session) {
    return EventLog.read(db, session, 0, 100);
  }

  private static EffectiveOptions options(String asked) {
    return options(asked, "{}");
  }

  private static EffectiveOptions options(String asked, String token) {
    return new OptionsPolicy(
            new SessionProperties(
                "claude-sonnet-4-5-20250929",
                "default",
                List.of("default"),
                Duration.ofMinutes(30),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                Duration.ofMinutes(15),
                Duration.ofHours(2),
                Duration.ofMinutes(1)))
        .decide(
            ProtocolJson.mapper().readValue(asked, SessionOptions.class),
            ProtocolJson.mapper().readValue(token, TokenClaims.class));
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
