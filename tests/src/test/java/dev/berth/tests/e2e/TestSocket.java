package dev.berth.tests.e2e;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.ProtocolJson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A client of the WebSocket that does exactly what a test says. */
final class TestSocket implements WebSocket.Listener, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final int PIECE = 1 << 20;

  private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
  private final List<JsonNode> seen = new ArrayList<>();
  private final StringBuilder partial = new StringBuilder();
  private volatile boolean deaf;
  private volatile @Nullable Integer closeCode;
  private @Nullable WebSocket socket;
  private String session = "";

  static TestSocket open(String url) {
    var opened = new TestSocket();
    opened.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(URI.create(url), opened).join();
    return opened;
  }

  static ObjectNode json() {
    return ProtocolJson.mapper().createObjectNode();
  }

  /** Sends init with these options, or none, and waits until the session is known. */
  TestSocket init(ObjectNode options) {
    send(frame("init", options));
    session =
        await(frame -> frame.at("/payload/action").asString("").equals("session_info"))
            .at("/payload/data/sessionId")
            .asString("");
    return this;
  }

  /** All tools, without asking. */
  static ObjectNode allowAll() {
    return json().put("permissionMode", "bypassPermissions");
  }

  String session() {
    return session;
  }

  TestSocket user(String text) {
    var frame = json().put("type", "user");
    frame.putObject("message").put("role", "user").put("content", text);
    return send(frame);
  }

  static ObjectNode frame(String type, ObjectNode payload) {
    var frame = json().put("type", type);
    frame.set("payload", payload);
    return frame;
  }

  TestSocket send(JsonNode frame) {
    return text(frame.toString());
  }

  TestSocket text(String text) {
    // In pieces: the JDK's client garbles a message of more than 32 MiB that it gets as one.
    for (var from = 0; from == 0 || from < text.length(); from += PIECE) {
      var to = Math.min(text.length(), from + PIECE);
      requireNonNull(socket).sendText(text.substring(from, to), to == text.length()).join();
    }
    return this;
  }

  /** A message and its result. */
  JsonNode turn(String text) {
    user(text);
    return result();
  }

  JsonNode result() {
    return await(frame -> frame.path("type").asString("").equals("result"));
  }

  JsonNode error() {
    return await(frame -> frame.path("type").asString("").equals("error")).path("payload");
  }

  /** The next frame for which the condition holds; those before it are passed over, and kept. */
  JsonNode await(Predicate<JsonNode> condition) {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (true) {
        var frame = frames.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (frame == null) {
          throw new AssertionError("no such frame in %s; seen: %s".formatted(PATIENCE, types()));
        }
        seen.add(frame);
        if (condition.test(frame)) {
          return frame;
        }
        if (frame.path("type").asString("").equals("closed")) {
          throw new AssertionError(
              "the socket was closed; seen: "
                  + types()
                  + ", last "
                  + seen.subList(Math.max(0, seen.size() - 2), seen.size()));
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  /** Every frame that was taken so far. */
  List<JsonNode> seen() {
    return List.copyOf(seen);
  }

  List<String> types() {
    return seen.stream().map(frame -> frame.path("type").asString("?")).toList();
  }

  /** The frames that come within that time, without waiting for any of them. */
  List<JsonNode> drain(Duration time) throws InterruptedException {
    var drained = new ArrayList<JsonNode>();
    var deadline = System.nanoTime() + time.toNanos();
    while (true) {
      var frame = frames.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (frame == null) {
        return drained;
      }
      drained.add(frame);
    }
  }

  /** The code with which the server closed the socket. */
  int awaitClose() {
    if (closeCode == null) {
      await(frame -> frame.path("type").asString("").equals("closed"));
    }
    return requireNonNull(closeCode);
  }

  /** As published clients leave. */
  @Override
  public void close() {
    var open = requireNonNull(socket);
    if (!open.isOutputClosed()) {
      send(frame("control", json().put("action", "close")));
      open.sendClose(1000, "done").join();
    }
  }

  boolean isOpen() {
    return closeCode == null;
  }

  /** From now on nothing is taken from the server. */
  void stopReading() {
    deaf = true;
  }

  /** As if the machine had lost its power. */
  void vanish() {
    requireNonNull(socket).abort();
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
    partial.append(data);
    if (last) {
      frames.add(ProtocolJson.mapper().readTree(partial.toString()));
      partial.setLength(0);
    }
    if (!deaf) {
      webSocket.request(1);
    }
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
    closeCode = status;
    frames.add(json().put("type", "closed").put("code", status));
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable failure) {
    closeCode = 1006;
    frames.add(json().put("type", "closed").put("code", 1006).put("why", failure.toString()));
  }
}
