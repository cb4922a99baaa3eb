package dev.berth.standalone.cli;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.Connection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One turn over a WebSocket: init, the message, frames until the result. */
final class RunConversation implements WebSocket.Listener {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final int NORMAL = 1000;

  private final Connection connection;
  private final String token;
  private final ObjectNode options;
  private final String prompt;
  private final RunView view;
  private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
  private final StringBuilder partial = new StringBuilder();
  private final AtomicInteger interrupts = new AtomicInteger();
  private volatile @Nullable WebSocket opened;

  RunConversation(
      Connection connection, String token, ObjectNode options, String prompt, RunView view) {
    this.connection = connection;
    this.token = token;
    this.options = options;
    this.prompt = prompt;
    this.view = view;
  }

  /** Runs it to its end; gives the exit status. */
  int run() throws InterruptedException {
    // Never closed: closing would wait for the socket, and the program ends after it anyway.
    var client = HttpClient.newBuilder().connectTimeout(CONNECT).build();
    try {
      opened =
          client
              .newWebSocketBuilder()
              .connectTimeout(CONNECT)
              .buildAsync(
                  URI.create(
                      connection.wsUrl()
                          + "?token="
                          + URLEncoder.encode(token, StandardCharsets.UTF_8)),
                  this)
              .join();
    } catch (CompletionException unreachable) {
      view.note("✘ %s does not answer.".formatted(connection.wsUrl()));
      view.note("  Remedy: ./berth status, ./berth logs.");
      return ExitCode.UNREACHABLE;
    }
    send("init", options);
    var message = ProtocolJson.mapper().createObjectNode();
    message.put("type", "user");
    message.putObject("message").put("role", "user").put("content", prompt);
    socket().sendText(message.toString(), true).join();
    return follow();
  }

  /** The first interrupts the turn, the second leaves. */
  void interrupt() {
    if (interrupts.incrementAndGet() == 1) {
      view.note("… interrupting; Ctrl-C again leaves (the turn then goes on)");
      send("control", ProtocolJson.mapper().createObjectNode().put("action", "interrupt"));
    } else {
      frames.add(ProtocolJson.mapper().createObjectNode().put("type", "left"));
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
    partial.append(data);
    if (last) {
      frames.add(ProtocolJson.mapper().readTree(partial.toString()));
      partial.setLength(0);
    }
    webSocket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
    frames.add(ProtocolJson.mapper().createObjectNode().put("type", "closed"));
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable failure) {
    frames.add(ProtocolJson.mapper().createObjectNode().put("type", "closed"));
  }

  private int follow() throws InterruptedException {
    while (true) {
      var frame = frames.take();
      switch (frame.path("type").asString("")) {
        case "left" -> {
          socket().abort();
          return ExitCode.LEFT;
        }
        case "closed" -> {
          view.note("✘ The connection was closed before the turn ended; the turn goes on.");
          return ExitCode.UNREACHABLE;
        }
        case "error" -> {
          view.frame(frame);
          socket().abort();
          return ExitCode.REFUSED;
        }
        case "result" -> {
          view.frame(frame);
          close();
          return frame.path("is_error").asBoolean(false) ? ExitCode.AGENT_ERROR : ExitCode.OK;
        }
        default -> view.frame(frame);
      }
    }
  }

  private void close() {
    socket().sendClose(NORMAL, "done").exceptionally(gone -> socket()).join();
    socket().abort();
  }

  private void send(String type, JsonNode payload) {
    var frame = ProtocolJson.mapper().createObjectNode().put("type", type);
    frame.set("payload", payload);
    socket().sendText(frame.toString(), true).join();
  }

  private WebSocket socket() {
    return requireNonNull(opened, "not connected yet");
  }
}
