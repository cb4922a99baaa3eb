package dev.berth.standalone.cli;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.client.ClientSocket;
import dev.berth.standalone.platform.Connection;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One turn over a WebSocket: init, the message, frames until the result. */
final class RunConversation {
  private static final String LEFT = "left";

  private final Connection connection;
  private final String token;
  private final ObjectNode options;
  private final String prompt;
  private final RunView view;
  private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
  private final AtomicInteger interrupts = new AtomicInteger();
  private volatile @Nullable ClientSocket opened;

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
    try (var socket = ClientSocket.connect(connection.wsUrl(), token, frames::add)) {
      opened = socket;
      socket.send("init", options);
      socket.sendUser(prompt);
      return follow();
    } catch (ClientSocket.Unreachable unreachable) {
      view.note("✘ " + unreachable.getMessage());
      view.note("  Remedy: ./berth status, ./berth logs.");
      return ExitCode.UNREACHABLE;
    }
  }

  /** The first interrupts the turn, the second leaves. */
  void interrupt() {
    if (interrupts.incrementAndGet() == 1) {
      view.note("… interrupting; Ctrl-C again leaves (the turn then goes on)");
      var socket = opened;
      if (socket != null) {
        socket.sendControl("interrupt");
      }
    } else {
      frames.add(ProtocolJson.mapper().createObjectNode().put("type", LEFT));
    }
  }

  private int follow() throws InterruptedException {
    while (true) {
      var frame = frames.take();
      switch (frame.path("type").asString("")) {
        case LEFT -> {
          return ExitCode.LEFT;
        }
        case ClientSocket.CLOSED -> {
          view.note("✘ The connection was closed before the turn ended; the turn goes on.");
          return ExitCode.UNREACHABLE;
        }
        case "error" -> {
          view.frame(frame);
          return ExitCode.REFUSED;
        }
        case "result" -> {
          view.frame(frame);
          return frame.path("is_error").asBoolean(false) ? ExitCode.AGENT_ERROR : ExitCode.OK;
        }
        default -> view.frame(frame);
      }
    }
  }
}
