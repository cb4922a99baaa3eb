package dev.berth.api.socket;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.client.ServerFrame;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PingMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import tools.jackson.databind.JsonNode;

/**
 * Writes to one socket, a frame at a time, whoever writes. A client that does not read is cut when
 * a frame cannot be sent in time; it may come back and go on from where it was.
 */
final class SocketWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SocketWriter.class);

  private final WebSocketSession socket;
  private final ReentrantLock writing = new ReentrantLock();

  SocketWriter(WebSocketSession socket) {
    this.socket = socket;
  }

  /** Sends a frame; false when the socket is gone. */
  boolean send(ServerFrame frame) {
    return send(ProtocolJson.mapper().writeValueAsString(frame));
  }

  boolean send(JsonNode frame) {
    return send(frame.toString());
  }

  /** Tells a problem that leaves the connection open. */
  boolean error(Problem problem) {
    return send(ServerFrame.ErrorFrame.of(problem));
  }

  /** Tells a problem, then closes: a client that is only closed would wait for its time-out. */
  void fail(Problem problem) {
    error(problem);
    close(new CloseStatus(problem.type().closeCode(), problem.type().code()));
  }

  boolean ping() {
    return write(() -> socket.sendMessage(new PingMessage()));
  }

  void close(CloseStatus status) {
    write(() -> socket.close(status));
  }

  boolean isOpen() {
    return socket.isOpen();
  }

  private boolean send(String text) {
    return write(() -> socket.sendMessage(new TextMessage(text)));
  }

  private interface Write {
    void run() throws IOException;
  }

  private boolean write(Write write) {
    writing.lock();
    try {
      if (!socket.isOpen()) {
        return false;
      }
      write.run();
      return true;
    } catch (IOException | IllegalStateException gone) {
      LOG.atDebug().log("socket {} is gone: {}", socket.getId(), gone.toString());
      closeQuietly();
      return false;
    } finally {
      writing.unlock();
    }
  }

  private void closeQuietly() {
    try {
      socket.close(CloseStatus.SESSION_NOT_RELIABLE);
    } catch (IOException closing) {
      LOG.atDebug().log("closing {}: {}", socket.getId(), closing.toString());
    }
  }
}
