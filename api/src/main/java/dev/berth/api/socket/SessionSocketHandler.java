package dev.berth.api.socket;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.client.ServerFrame;
import jakarta.websocket.Session;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.adapter.NativeWebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * The WebSocket endpoint. Every connection is accepted, and a refusal is told inside it: published
 * clients show nothing else to their users (client protocol, section 3).
 */
final class SessionSocketHandler extends AbstractWebSocketHandler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionSocketHandler.class);

  private static final int MISSED_PONGS = 2;

  /** Tomcat's name for how long a frame may take to be sent. */
  private static final String SEND_TIMEOUT = "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT";

  private final SocketConversation.Parts parts;
  private final AtomicLong buffered = new AtomicLong();
  private final Map<String, Connection> connections = new ConcurrentHashMap<>();

  SessionSocketHandler(SocketConversation.Parts parts) {
    this.parts = parts;
  }

  /** A socket with its conversation, null when its token was refused. */
  private static final class Connection {
    final SocketWriter writer;
    final FrameBuffer buffer;
    final @Nullable SocketConversation conversation;
    final AtomicInteger unanswered = new AtomicInteger();

    Connection(SocketWriter writer, FrameBuffer buffer, @Nullable SocketConversation conversation) {
      this.writer = writer;
      this.buffer = buffer;
      this.conversation = conversation;
    }
  }

  @Override
  public void afterConnectionEstablished(WebSocketSession socket) {
    if (socket instanceof NativeWebSocketSession wrapped
        && wrapped.getNativeSession() instanceof Session tomcat) {
      tomcat.getUserProperties().put(SEND_TIMEOUT, parts.properties().send().toMillis());
    }
    var writer = new SocketWriter(socket);
    try {
      var query = UriComponentsBuilder.fromUri(requireUri(socket)).build().getQueryParams();
      var token = parts.tokens().verify(query.getFirst("token"));
      var conversation =
          new SocketConversation(writer, token, afterSeq(query.getFirst("after_seq")), parts);
      connections.put(socket.getId(), connection(writer, conversation));
      writer.send(ServerFrame.Control.of("ready"));
      Thread.ofVirtual().name("ping " + socket.getId()).start(() -> keepAlive(socket.getId()));
    } catch (ProblemException refused) {
      writer.fail(refused.problem());
    } catch (DataAccessException away) {
      LOG.atError().setCause(away).log("a socket cannot be served");
      writer.fail(unavailable());
    } catch (RuntimeException broken) {
      // The edge of this thread: a client that is only closed would never know why.
      LOG.atError().setCause(broken).log("a socket broke");
      writer.fail(broken());
    }
  }

  @Override
  protected void handleTextMessage(WebSocketSession socket, TextMessage part) {
    var connection = connections.get(socket.getId());
    if (connection == null || connection.conversation == null) {
      return;
    }
    try {
      var frame = connection.buffer.add(part.getPayload(), part.getPayloadLength(), part.isLast());
      if (frame != null) {
        connection.conversation.accept(frame);
      }
    } catch (ProblemException refused) {
      connection.writer.fail(refused.problem());
    } catch (DataAccessException away) {
      LOG.atError().setCause(away).log("a frame cannot be served");
      connection.writer.fail(unavailable());
    } catch (RuntimeException broken) {
      // As above.
      LOG.atError().setCause(broken).log("a frame broke its socket");
      connection.writer.fail(broken());
    }
  }

  @Override
  protected void handlePongMessage(WebSocketSession socket, PongMessage pong) {
    var connection = connections.get(socket.getId());
    if (connection != null) {
      connection.unanswered.set(0);
    }
  }

  @Override
  public void handleTransportError(WebSocketSession socket, Throwable failure) {
    LOG.atDebug().log("socket {}: {}", socket.getId(), failure.toString());
  }

  @Override
  public void afterConnectionClosed(WebSocketSession socket, CloseStatus status) {
    var connection = connections.remove(socket.getId());
    if (connection != null) {
      connection.buffer.clear();
      if (connection.conversation != null) {
        connection.conversation.disconnected();
      }
    }
  }

  @Override
  public boolean supportsPartialMessages() {
    return true;
  }

  /** Their sessions take them for gone; clients come back, and go on after their last event. */
  void closeAll() {
    connections.forEach((socket, connection) ->
        Thread.ofVirtual()
            .name("closing " + socket)
            .start(() -> connection.writer.close(CloseStatus.SERVICE_RESTARTED)));
  }

  private Connection connection(SocketWriter writer, SocketConversation conversation) {
    var properties = parts.properties();
    return new Connection(
        writer,
        new FrameBuffer(properties.maxFrame(), properties.maxBuffered(), buffered),
        conversation);
  }

  /** Pings, and closes a connection whose other end is gone without a word. */
  private void keepAlive(String socket) {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(parts.properties().ping().toMillis());
        var connection = connections.get(socket);
        if (connection == null) {
          return;
        }
        if (connection.unanswered.get() >= MISSED_PONGS) {
          connection.writer.close(CloseStatus.SESSION_NOT_RELIABLE);
          return;
        }
        connection.unanswered.incrementAndGet();
        connection.writer.ping();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static URI requireUri(WebSocketSession socket) {
    var uri = socket.getUri();
    if (uri == null) {
      throw new ProblemException(ProblemType.INVALID_REQUEST, "Invalid request: no address.");
    }
    return uri;
  }

  private static @Nullable Long afterSeq(@Nullable String text) {
    if (text == null || text.isBlank()) {
      return null;
    }
    try {
      return Math.max(0, Long.parseLong(text));
    } catch (NumberFormatException notANumber) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid request: after_seq: %s (expected: a number ≥ 0)"
              .formatted(text.length() > 40 ? text.substring(0, 40) : text));
    }
  }

  private static Problem broken() {
    return new Problem(ProblemType.INTERNAL, "Session error: the request could not be handled.");
  }

  private static Problem unavailable() {
    return new Problem(
        ProblemType.UNAVAILABLE, "Session service unavailable: the database is away; try again.");
  }
}
