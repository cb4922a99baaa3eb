package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.client.ClientSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client over the socket whose tool {@code note} the agent calls. It does what a client of Berth
 * has to do: it comes back when its connection breaks, and does a call that it is given a second
 * time, under the same id, once.
 *
 * <p>A call that comes again after it was answered is no finding: the answer may be lost with its
 * connection, and no contract says that a client is asked once, only that it can tell.
 */
final class Desk implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration AGAIN = Duration.ofMillis(250);

  private final String wsUrl;
  private final String token;
  private final Map<String, String> notes = new LinkedHashMap<>();
  private @Nullable ClientSocket socket;
  private @Nullable String session;
  private boolean connected;
  private boolean closed;

  private Desk(String wsUrl, String token) {
    this.wsUrl = wsUrl;
    this.token = token;
  }

  /** Opens a new session with the tool. */
  static Desk open(String wsUrl, String token) {
    var desk = new Desk(wsUrl, token);
    Thread.ofVirtual().name("desk").start(desk::stay);
    return desk;
  }

  /** The session's id, when the server has said it. */
  synchronized String session() throws InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (session == null) {
      var left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new EndUser.Refused("no session over the socket in " + PATIENCE);
      }
      wait(left);
    }
    return session;
  }

  /** What was noted, a line a call. */
  synchronized List<String> notes() {
    return new ArrayList<>(notes.values());
  }

  /** Loses the connection. */
  synchronized void drop() {
    if (socket != null) {
      socket.abort();
    }
    connected = false;
    notifyAll();
  }

  @Override
  public synchronized void close() {
    closed = true;
    drop();
  }

  private void stay() {
    try {
      while (connect()) {
        awaitTheEndOfTheConnection();
        TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives whether the desk is still wanted. */
  private boolean connect() {
    synchronized (this) {
      if (closed) {
        return false;
      }
      connected = true;
    }
    try {
      var opened = ClientSocket.connect(wsUrl, token, this::take);
      synchronized (this) {
        socket = opened;
      }
      opened.send("init", init());
    } catch (ClientSocket.Unreachable | CompletionException away) {
      // Its node is being killed: the next try is for another one.
      drop();
    }
    return true;
  }

  private synchronized void awaitTheEndOfTheConnection() throws InterruptedException {
    while (connected) {
      wait();
    }
  }

  private synchronized void take(JsonNode frame) {
    switch (frame.path("type").asString("")) {
      case "control" -> {
        if (frame.at("/payload/action").asString("").equals("session_info")) {
          session = frame.at("/payload/data/sessionId").asString("");
          notifyAll();
        }
      }
      case "tool_call" -> note(frame.path("payload"));
      case ClientSocket.CLOSED -> {
        connected = false;
        notifyAll();
      }
      default -> {}
    }
  }

  private void note(JsonNode call) {
    var id = call.path("callId").asString("");
    notes.putIfAbsent(id, call.at("/input/line").asString(""));
    var answer = json().put("callId", id);
    answer
        .putObject("result")
        .put("isError", false)
        .putArray("content")
        .addObject()
        .put("type", "text")
        .put("text", "noted");
    var answering = socket;
    // Not on the thread that reads: sending waits for it.
    Thread.startVirtualThread(() -> {
      try {
        if (answering != null) {
          answering.send("tool_result", answer);
        }
      } catch (CompletionException gone) {
        // The call comes again with the next connection.
        drop();
      }
    });
  }

  private synchronized ObjectNode init() {
    var options = json().put("permissionMode", "bypassPermissions");
    var server = options.putArray("mcpServers").addObject().put("name", "desk");
    var tool = server.putArray("tools").addObject();
    tool.put("name", "note").put("description", "Notes a line").put("executeIn", "client");
    tool.putObject("inputSchema")
        .put("type", "object")
        .putObject("properties")
        .putObject("line")
        .put("type", "string");
    if (session != null) {
      options.put("sessionId", session).put("after_seq", 0);
    }
    return options;
  }

  private static ObjectNode json() {
    return ProtocolJson.mapper().createObjectNode();
  }
}
