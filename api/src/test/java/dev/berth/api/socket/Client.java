package dev.berth.api.socket;

import static java.util.Objects.requireNonNull;

import dev.berth.api.ApiNode;
import dev.berth.protocol.ProtocolJson;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A client's end of a socket. */
final class Client implements AutoCloseable {
  private static final int SECONDS = 10;

  private final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final WebSocket socket;

  Client(ApiNode node, String query) {
    socket =
        node.client().newWebSocketBuilder().buildAsync(node.socket(query), new Listener()).join();
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder parts = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      parts.append(part);
      if (last) {
        frames.add(parts.toString());
        parts.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      closed.completeExceptionally(failure);
    }
  }

  void send(String frame) {
    socket.sendText(frame, true).join();
  }

  /** The next frame that comes. */
  JsonNode next() throws InterruptedException {
    return next(SECONDS);
  }

  /** The next frame that comes in that time. */
  JsonNode next(int seconds) throws InterruptedException {
    return ProtocolJson.mapper()
        .readTree(requireNonNull(frames.poll(seconds, TimeUnit.SECONDS), "no frame came"));
  }

  /** The code with which the server closes. */
  int closeCode() throws Exception {
    return closed.get(SECONDS, TimeUnit.SECONDS);
  }

  boolean hasHeardMore() {
    return !frames.isEmpty();
  }

  @Override
  public void close() {
    socket.abort();
  }
}
