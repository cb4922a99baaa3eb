package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.client.ClientSocket;
import dev.berth.standalone.platform.Connection;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** An agent in a session of Berth, spoken with as any client does. */
final class BerthAgent implements AutoCloseable {
  private static final int PATIENCE_S = 60;

  private final ClientSocket socket;
  private final BlockingQueue<JsonNode> frames;

  private BerthAgent(ClientSocket socket, BlockingQueue<JsonNode> frames) {
    this.socket = socket;
    this.frames = frames;
  }

  /** Connects and opens a session. */
  static BerthAgent start(Connection connection, String token) {
    var frames = new LinkedBlockingQueue<JsonNode>();
    var agent =
        new BerthAgent(ClientSocket.connect(connection.wsUrl(), token, frames::add), frames);
    agent.socket.send(
        "init",
        ProtocolJson.mapper()
            .createObjectNode()
            .put("includePartialMessages", true)
            .put("permissionMode", "bypassPermissions"));
    return agent;
  }

  void say(String prompt) {
    socket.sendUser(prompt);
  }

  /** Waits for a frame of a type. */
  JsonNode await(String type) throws InterruptedException {
    while (true) {
      var frame = next();
      if (frame.path("type").asString("").equals(type)) {
        return frame;
      }
    }
  }

  /** The next frame, of whatever type but an error. */
  JsonNode next() throws InterruptedException {
    var frame = frames.poll(PATIENCE_S, TimeUnit.SECONDS);
    if (frame == null) {
      throw new IllegalStateException("no frame in %d s".formatted(PATIENCE_S));
    }
    var is = frame.path("type").asString("");
    if (is.equals("error") || is.equals(ClientSocket.CLOSED)) {
      throw new IllegalStateException("the session says " + frame);
    }
    return frame;
  }

  /** Ends the session, so that its sandbox goes. */
  @Override
  public void close() {
    socket.sendControl("close");
    socket.close();
  }
}
