package dev.berth.standalone.client;

import dev.berth.protocol.ProtocolJson;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A connection to {@code /ws}, as any client has one. Frames go to the receiver in their order, and
 * after the last one a frame of the type {@link #CLOSED} that no server sends.
 */
public final class ClientSocket implements AutoCloseable {
  public static final String CLOSED = "closed";

  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final int NORMAL = 1000;

  /** Never closed: closing would wait for the open sockets. */
  private static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(CONNECT).build();

  /** How long the server may take to answer the end of the connection. */
  private static final Duration GOODBYE = Duration.ofSeconds(2);

  private final WebSocket socket;
  private final Frames frames;

  private ClientSocket(WebSocket socket, Frames frames) {
    this.socket = socket;
    this.frames = frames;
  }

  /**
   * Connects.
   *
   * @throws Unreachable when nothing answers there
   */
  public static ClientSocket connect(String wsUrl, String token, Consumer<JsonNode> receiver) {
    var address = URI.create(wsUrl + "?token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
    var frames = new Frames(receiver);
    try {
      return new ClientSocket(
          HTTP.newWebSocketBuilder().connectTimeout(CONNECT).buildAsync(address, frames).join(),
          frames);
    } catch (CompletionException failed) {
      throw new Unreachable(wsUrl, failed);
    }
  }

  /** Nothing answered at the address. */
  public static final class Unreachable extends RuntimeException {
    Unreachable(String wsUrl, Throwable cause) {
      super(wsUrl + " does not answer.", cause);
    }
  }

  /** {@code {"type": type, "payload": payload}} */
  public void send(String type, JsonNode payload) {
    var frame = ProtocolJson.mapper().createObjectNode().put("type", type);
    frame.set("payload", payload);
    send(frame);
  }

  /** A message of the user. */
  public void sendUser(String text) {
    var frame = ProtocolJson.mapper().createObjectNode().put("type", "user");
    frame.putObject("message").put("role", "user").put("content", text);
    send(frame);
  }

  /** Asks for something beside the conversation, such as {@code interrupt}. */
  public void sendControl(String action) {
    send("control", ProtocolJson.mapper().createObjectNode().put("action", action));
  }

  private void send(ObjectNode frame) {
    socket.sendText(frame.toString(), true).join();
  }

  /** Leaves without a word. */
  public void abort() {
    socket.abort();
  }

  /** Leaves; the session stays. What was sent before has reached the server. */
  @Override
  public void close() {
    var closing = socket.sendClose(NORMAL, "done");
    var _ = closing.exceptionally(gone -> socket).join();
    var _ = frames.over.completeOnTimeout(null, GOODBYE.toMillis(), TimeUnit.MILLISECONDS).join();
    socket.abort();
  }

  private static final class Frames implements WebSocket.Listener {
    private final Consumer<JsonNode> receiver;
    private final StringBuilder partial = new StringBuilder();
    private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

    Frames(Consumer<JsonNode> receiver) {
      this.receiver = receiver;
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      partial.append(data);
      if (last) {
        receiver.accept(ProtocolJson.mapper().readTree(partial.toString()));
        partial.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      closed();
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      closed();
    }

    private void closed() {
      over.complete(null);
      receiver.accept(ProtocolJson.mapper().createObjectNode().put("type", CLOSED));
    }
  }
}
