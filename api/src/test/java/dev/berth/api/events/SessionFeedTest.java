package dev.berth.api.events;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.berth.api.TestProject;
import dev.berth.api.events.SessionFeed.Item;
import dev.berth.db.DatabaseAddress;
import dev.berth.db.EventLog;
import dev.berth.db.EventWriter;
import dev.berth.db.LogCuts;
import dev.berth.db.NewEvent;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.SessionEvent.AgentMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionFeedTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Secret CREDENTIAL = new Secret("internal");

  private static TestDatabase database;
  private static TestProject project;
  private static HttpClient client;
  private static HostNotices notices;

  private SessionId session;

  /** The live stream of a worker: what a test says, line by line. */
  private static final class Host implements AutoCloseable {
    final BlockingQueue<LiveFrame> frames = new LinkedBlockingQueue<>();
    final AtomicInteger readers = new AtomicInteger();
    private final HttpServer server;

    Host() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/internal/sessions/",
          exchange -> {
            try (exchange) {
              var authentic =
                  "Bearer internal".equals(exchange.getRequestHeaders().getFirst("Authorization"));
              exchange.sendResponseHeaders(authentic ? 200 : 401, 0);
              readers.incrementAndGet();
              while (authentic) {
                exchange
                    .getResponseBody()
                    .write(ProtocolJson.mapper().writeValueAsBytes(frames.take()));
                exchange.getResponseBody().write('\n');
                exchange.getResponseBody().flush();
              }
            } catch (InterruptedException stopped) {
              Thread.currentThread().interrupt();
            }
          });
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    project = TestProject.in(database.dsl());
    client = HttpClient.newHttpClient();
    notices =
        new HostNotices(new DatabaseAddress(database.url(), "postgres", new Secret("postgres"), 1));
  }

  @AfterAll
  static void stopDatabase() {
    notices.close();
    client.shutdownNow();
    database.close();
  }

  @BeforeEach
  void beginASession() {
    session = project.session("jane");
  }

  @Test
  void givesWhatIsStoredInOrderWithoutAGap() throws Exception {
    append(450);

    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 3, false)) {
      for (var seq = 4; seq <= 450; seq++) {
        assertThat(stored(feed)).isEqualTo(seq);
      }
    }
  }

  @Test
  void aLogThatIsCutUnderItsReaderIsToldAndGoesOn() throws Exception {
    append(450);
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, false)) {
      assertThat(stored(feed)).isEqualTo(1);
      LogCuts.cut(database.dsl(), session, 300);

      // What it holds already it still gives.
      for (var seq = 2; seq <= 200; seq++) {
        assertThat(stored(feed)).isEqualTo(seq);
      }
      assertThat(feed.next(LONG))
          .isInstanceOfSatisfying(
              Item.Truncated.class, cut -> assertThat(cut.log().firstSeq()).isEqualTo(301));
      for (var seq = 301; seq <= 450; seq++) {
        assertThat(stored(feed)).isEqualTo(seq);
      }
    }
  }

  @Test
  void givesNothingWhenNothingHappens() throws Exception {
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, true)) {
      assertThat(feed.next(Duration.ZERO)).isNull();
    }
  }

  @Test
  void findsWhatIsAppendedThoughNobodyTells() throws Exception {
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, false)) {
      assertThat(feed.next(Duration.ZERO)).isNull();

      append(1);

      assertThat(stored(feed)).isEqualTo(1);
    }
  }

  @Test
  void showsWhatTheHostSaysBetweenWhatIsStored() throws Exception {
    try (var host = new Host();
        var feed = feeds(at(host)).read(session, 0, true)) {
      host.frames.add(delta(1, 1, "a"));
      assertThat(live(feed)).isEqualTo("a");
      append(1);
      host.frames.add(new LiveFrame.Committed(1));
      host.frames.add(delta(1, 1, "b"));

      assertThat(stored(feed)).isEqualTo(1);
      assertThat(live(feed)).isEqualTo("b");
    }
  }

  @Test
  void deltasOfAReplacedSandboxOrWorkerAreDropped() throws Exception {
    try (var host = new Host();
        var feed = feeds(at(host)).read(session, 0, true)) {
      host.frames.add(delta(2, 3, "current"));
      host.frames.add(delta(1, 9, "an older sandbox"));
      host.frames.add(delta(2, 2, "an older worker"));
      host.frames.add(delta(2, 4, "a newer worker"));
      host.frames.add(delta(3, 1, "a newer sandbox"));

      assertThat(live(feed)).isEqualTo("current");
      assertThat(live(feed)).isEqualTo("a newer worker");
      assertThat(live(feed)).isEqualTo("a newer sandbox");
    }
  }

  @Test
  void aDeltaNeverFollowsTheStoredMessageThatItBelongsTo() throws Exception {
    append(1);
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, true)) {
      assertThat(stored(feed)).isEqualTo(1);

      feed.offer(delta(1, 1, "of the stored message"));
      feed.offer(new LiveFrame.Committed(1));
      feed.offer(delta(1, 1, "of the next"));

      assertThat(live(feed)).isEqualTo("of the next");
    }
  }

  @Test
  void whatTheHostShowsOfTheLogIsNotReadAgain() throws Exception {
    append(1);
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, true)) {
      assertThat(stored(feed)).isEqualTo(1);
      var after = List.of(shown(2), shown(3));

      feed.offer(new LiveFrame.Committed(3, after));
      feed.offer(new LiveFrame.Committed(3, after));

      assertThat(stored(feed)).isEqualTo(2);
      assertThat(stored(feed)).isEqualTo(3);
      assertThat(feed.next(Duration.ZERO)).isNull();
    }
  }

  @Test
  void whatTheHostShowsFromBehindAGapIsReadFromTheLog() throws Exception {
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, true)) {
      assertThat(feed.next(Duration.ZERO)).isNull();
      append(3);

      feed.offer(new LiveFrame.Committed(3, List.of(shown(3))));
      feed.offer(new LiveFrame.Committed(2, List.of(shown(2))));

      assertThat(stored(feed)).isEqualTo(1);
      assertThat(stored(feed)).isEqualTo(2);
      assertThat(stored(feed)).isEqualTo(3);
      assertThat(feed.next(Duration.ZERO)).isNull();
    }
  }

  @Test
  void whoWantsNoDeltasGetsNone() throws Exception {
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, false)) {
      append(1);
      feed.offer(delta(1, 1, "x"));
      feed.offer(new LiveFrame.Committed(1));

      assertThat(stored(feed)).isEqualTo(1);
    }
  }

  @Test
  void aReaderThatIsSlowMissesDeltasAndNeverEvents() throws Exception {
    try (var feed = feeds(SessionFeedTest::nowhere).read(session, 0, true)) {
      assertThat(feed.next(Duration.ZERO)).isNull();
      append(3);
      for (var count = 0; count < 5_000; count++) {
        feed.offer(delta(1, 1, "x"));
      }

      assertThat(stored(feed)).isEqualTo(1);
      assertThat(stored(feed)).isEqualTo(2);
      assertThat(stored(feed)).isEqualTo(3);
    }
  }

  @Test
  void allReadersOfASessionShareOneStreamOfItsHost() throws Exception {
    try (var host = new Host()) {
      var feeds = feeds(at(host));
      try (var first = feeds.read(session, 0, true);
          var second = feeds.read(session, 0, true)) {
        host.frames.add(delta(1, 1, "a"));

        assertThat(live(first)).isEqualTo("a");
        assertThat(live(second)).isEqualTo("a");
        assertThat(host.readers).hasValue(1);
      }
    }
  }

  @Test
  void aDatabaseThatWasAwayDoesNotEndTheLiveStreamForGood() throws Exception {
    var asked = new AtomicInteger();
    try (var host = new Host();
        var feed =
            feeds(
                    any -> {
                      if (asked.incrementAndGet() == 1) {
                        throw new DataAccessException("the database is away");
                      }
                      return host.url();
                    })
                .read(session, 0, true)) {
      host.frames.add(delta(1, 1, "after it came back"));

      assertThat(live(feed)).isEqualTo("after it came back");
    }
  }

  private static SessionFeeds feeds(Function<SessionId, @Nullable String> hosts) {
    return new SessionFeeds(database.dsl(), hosts, client, CREDENTIAL, notices);
  }

  private static @Nullable String nowhere(SessionId any) {
    return null;
  }

  private static Function<SessionId, @Nullable String> at(Host host) {
    return any -> host.url();
  }

  private static long stored(SessionFeed feed) throws InterruptedException {
    return requireNonNull(feed.next(LONG)) instanceof Item.Stored(var event) ? event.seq() : -1;
  }

  private static String live(SessionFeed feed) throws InterruptedException {
    return requireNonNull(feed.next(LONG)) instanceof Item.Live(var delta)
        ? delta.message().asString("")
        : "not a delta";
  }

  private static LiveFrame delta(int epoch, int attachment, String text) {
    return new LiveFrame.Delta(epoch, attachment, null, ProtocolJson.mapper().valueToTree(text));
  }

  private static EventEnvelope shown(long seq) {
    var none = ProtocolJson.mapper().createObjectNode();
    return new EventEnvelope(
        seq, "e" + seq, "agent.message", null, null, 1, Instant.EPOCH, none, none);
  }

  private void append(int upTo) {
    for (var number = 1; number <= upTo; number++) {
      EventLog.append(
          database.dsl(),
          new EventLog.Request(
              session,
              EventWriter.PLATFORM,
              List.of(new NewEvent("e" + number, new AgentMessage(), null, null, "{}"))));
    }
  }
}
