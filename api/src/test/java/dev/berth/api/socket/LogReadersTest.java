package dev.berth.api.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ServedNode;
import dev.berth.api.TestProject;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.LogCuts;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent.AgentMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * Readers of a log that grows under them, over real sockets and streams of a real node. {@code
 * -Dberth.readers.events=1000000} for a long log.
 */
@Timeout(1800)
class LogReadersTest {
  private static final int EVENTS = Integer.getInteger("berth.readers.events", 20_000);
  private static final int READERS_OF_A_KIND = 3;
  private static final int APPENDED_AT_ONCE = 20;
  private static final int PATIENCE = 120;

  /** The event at which readers stop. */
  private static final String LAST = "the last one";

  private static ServedNode served;
  private static TestProject project;

  private SessionId session;

  /** What a reader has: where it is, and a digest of everything until there. */
  private static final class Seen {
    final MessageDigest digest = sha256();
    final AtomicInteger connections = new AtomicInteger();
    long cursor;
    boolean over;

    void take(long seq, String said) {
      assertThat(seq).isGreaterThan(cursor);
      cursor = seq;
      digest.update((seq + " " + said + "\n").getBytes(UTF_8));
      over = said.equals(LAST);
    }

    String sum() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  @BeforeAll
  static void startNode() {
    served =
        ServedNode.start(Map.of("socket.send", "2s", "server.tomcat.connection-timeout", "2s"));
    project = TestProject.in(served.node().db());
  }

  @AfterAll
  static void stopNode() {
    served.close();
  }

  @BeforeEach
  void beginASession() {
    session = project.session("jane");
  }

  @Test
  void e1WhatReadersPutTogetherThatReconnectAtRandomIsTheLog() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var writer = threads.submit(this::write);
      var sockets = new ArrayList<Future<Seen>>();
      var streams = new ArrayList<Future<Seen>>();
      for (var reader = 0; reader < READERS_OF_A_KIND; reader++) {
        var random = new Random(reader);
        sockets.add(threads.submit(reading(random, this::readSocket)));
        streams.add(threads.submit(reading(random, this::readStream)));
      }
      writer.get();

      var ofSockets = new Seen();
      var ofStreams = new Seen();
      for (var after = 0L; !ofStreams.over; after = ofStreams.cursor) {
        for (var event : EventLog.read(served.node().db(), session, after, 1000)) {
          if (event.type().equals("agent.message") && !ofSockets.over) {
            ofSockets.take(event.seq(), said(event));
          }
          if (!ofStreams.over) {
            ofStreams.take(event.seq(), said(event));
          }
        }
      }
      var expected = ofStreams.sum();
      for (var stream : streams) {
        assertThat(stream.get().sum()).isEqualTo(expected);
        assertThat(stream.get().connections).hasValueGreaterThan(3);
      }
      expected = ofSockets.sum();
      for (var socket : sockets) {
        assertThat(socket.get().sum()).isEqualTo(expected);
        assertThat(socket.get().connections).hasValueGreaterThan(3);
      }
    }
  }

  @Test
  void e3ASocketThatDoesNotReadIsCutAndCatchesUp() throws Exception {
    fill(600, 64 * 1024);
    var slow = new Deaf();
    var socket =
        served
            .node()
            .client()
            .newWebSocketBuilder()
            .buildAsync(served.node().socket("?after_seq=0&token=" + project.token("jane")), slow)
            .join();
    socket.sendText(init(), true).join();

    // The node lets go of it: its session has no socket any more.
    while (EventLog.read(served.node().db(), session, 600, 100).stream()
        .noneMatch(event -> event.type().equals("session.completed"))) {
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
    slow.listen(socket);
    slow.over.get();
    assertThat(slow.cursor.get()).isLessThan(600);

    var seen = new Seen();
    seen.cursor = slow.cursor.get();
    while (!seen.over) {
      readSocket(seen, Integer.MAX_VALUE);
    }
    assertThat(seen.cursor).isEqualTo(600);
  }

  @Test
  void e3AStreamThatDoesNotReadIsCutAndCatchesUp() throws Exception {
    fill(600, 64 * 1024);
    var address = served.node().http("/v1/sessions/" + session + "/events");
    var seen = new Seen();
    try (var deaf = new Socket(address.getHost(), address.getPort())) {
      deaf.setSoTimeout((int) Duration.ofSeconds(PATIENCE).toMillis());
      deaf.getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n"
                  .formatted(address.getPath(), project.token("jane"))
                  .getBytes(UTF_8));
      // Far longer than this node waits for a reader.
      LockSupport.parkNanos(Duration.ofSeconds(15).toNanos());
      seen.cursor = completeEvents(deaf);
    }
    assertThat(seen.cursor).isBetween(1L, 599L);

    readStream(seen, Integer.MAX_VALUE);

    assertThat(seen.cursor).isEqualTo(600);
  }

  /** Reads a stream to where the node ended it; the last event may be cut. */
  private static long completeEvents(Socket stream) throws IOException {
    var begun = 0L;
    try (var lines = new BufferedReader(new InputStreamReader(stream.getInputStream(), UTF_8))) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("id: ")) {
          begun = Long.parseLong(line.substring("id: ".length()));
        }
      }
    } catch (SocketException reset) {
      return begun - 1;
    }
    return begun - 1;
  }

  @Test
  void aSocketFromBeforeTheFirstEventThatIsKeptIsToldWhatWasThere() throws Exception {
    fill(10, 10);
    LogCuts.cut(served.node().db(), session, 6);

    try (var client = connected(2)) {
      var told = numbered(client);
      assertThat(told.path("type").asString("")).isEqualTo("log.truncated");
      assertThat(told.path("seq").asInt()).isEqualTo(6);
      assertThat(told.path("payload").path("first_seq").asInt()).isEqualTo(7);
      assertThat(told.path("payload").path("snapshot").path("status").asString("")).isNotEmpty();
      assertThat(numbered(client).path("seq").asInt()).isEqualTo(7);
    }
    try (var client = connected(6)) {
      assertThat(numbered(client).path("seq").asInt()).isEqualTo(7);
    }
  }

  /** A client that takes nothing until it is told to. */
  private static final class Deaf implements WebSocket.Listener {
    final CompletableFuture<Void> over = new CompletableFuture<>();
    final AtomicLong cursor = new AtomicLong();
    private final StringBuilder parts = new StringBuilder();

    @Override
    public void onOpen(WebSocket socket) {
      // Asks for nothing.
    }

    void listen(WebSocket socket) {
      socket.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      parts.append(part);
      if (last) {
        var seq = ProtocolJson.mapper().readTree(parts.toString()).path("seq").asLong(0);
        cursor.accumulateAndGet(seq, Math::max);
        parts.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      over.complete(null);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      over.complete(null);
    }
  }

  private interface Reading {
    /** Takes at most so many events over one connection. */
    void some(Seen seen, int atMost) throws Exception;
  }

  private static Callable<Seen> reading(Random random, Reading reading) {
    return () -> {
      var seen = new Seen();
      while (!seen.over) {
        seen.connections.incrementAndGet();
        reading.some(seen, 1 + random.nextInt(EVENTS / 5));
      }
      return seen;
    };
  }

  private void readSocket(Seen seen, int atMost) throws Exception {
    try (var client = connected(seen.cursor)) {
      for (var count = 0; count < atMost && !seen.over; count++) {
        var frame = numbered(client);
        seen.take(frame.path("seq").asLong(), frame.path("said").asString(""));
      }
    }
  }

  private Client connected(long after) {
    var client =
        new Client(served.node(), "?after_seq=%d&token=%s".formatted(after, project.token("jane")));
    client.send(init());
    return client;
  }

  private String init() {
    return "{\"type\": \"init\", \"payload\": {\"sessionId\": \"%s\"}}".formatted(session);
  }

  private static JsonNode numbered(Client client) throws InterruptedException {
    while (true) {
      var frame = client.next(PATIENCE);
      if (frame.has("seq")) {
        return frame;
      }
      assertThat(frame.path("type").asString("")).isNotEqualTo("error");
    }
  }

  private void readStream(Seen seen, int atMost) throws Exception {
    var request =
        HttpRequest.newBuilder(served.node().http("/v1/sessions/" + session + "/events"))
            .header("Authorization", "Bearer " + project.token("jane"))
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", String.valueOf(seen.cursor))
            .build();
    var answer = served.node().client().send(request, BodyHandlers.ofInputStream());
    try (var lines = new BufferedReader(new InputStreamReader(answer.body(), UTF_8))) {
      for (var count = 0; count < atMost && !seen.over; ) {
        var line = requireNonNull(lines.readLine(), "the stream ended");
        if (line.startsWith("data: ")) {
          var event = ProtocolJson.mapper().readValue(line.substring(6), EventEnvelope.class);
          assertThat(event.seq()).isEqualTo(seen.cursor + 1);
          seen.take(event.seq(), said(event));
          count++;
        }
      }
    }
  }

  private @Nullable Void write() throws Exception {
    try (var log = new GroupCommit(served.node().db())) {
      for (var from = 1; from <= EVENTS; from += APPENDED_AT_ONCE) {
        var _ =
            log.append(
                request(
                    IntStream.range(from, Math.min(EVENTS + 1, from + APPENDED_AT_ONCE))
                        .mapToObj(number -> said("event " + number, 0))
                        .toList()));
      }
      log.append(request(List.of(said(LAST, 0)))).toCompletableFuture().get();
    }
    return null;
  }

  private void fill(int events, int size) {
    for (var number = 1; number < events; number++) {
      EventLog.append(served.node().db(), request(List.of(said("event " + number, size))));
    }
    EventLog.append(served.node().db(), request(List.of(said(LAST, 0))));
  }

  private Request request(List<NewEvent> events) {
    return new Request(session, EventWriter.PLATFORM, events);
  }

  private static NewEvent said(String what, int size) {
    return new NewEvent(
        what,
        new AgentMessage(),
        null,
        null,
        "{\"type\": \"assistant\", \"said\": \"%s\", \"more\": \"%s\"}"
            .formatted(what, "x".repeat(size)));
  }

  private static String said(EventEnvelope event) {
    return event.raw() == null ? event.type() : event.raw().path("said").asString("");
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
