package dev.berth.api.socket;

import dev.berth.api.auth.TokenVerifier;
import dev.berth.api.auth.VerifiedToken;
import dev.berth.api.events.SessionFeeds;
import dev.berth.api.session.ClientToolAnswers;
import dev.berth.api.session.Message;
import dev.berth.api.session.SendPolicy;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.api.session.Sessions;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.client.ClientFrame;
import dev.berth.protocol.client.ServerFrame;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.workflows.session.SessionWorkflow.InterruptResult;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.socket.CloseStatus;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One socket, from the token to the close (client protocol, section 4). What the client says is
 * taken here, one frame after another; what it hears of the session comes from {@link
 * SocketReader}.
 */
final class SocketConversation {
  private static final Logger LOG = LoggerFactory.getLogger(SocketConversation.class);

  private final String id = UUID.randomUUID().toString();
  private final SocketWriter writer;
  private final Parts parts;
  private final Set<TurnId> ownTurns = ConcurrentHashMap.newKeySet();
  private final @Nullable Long afterSeqOfQuery;
  private volatile VerifiedToken token;
  private volatile SocketDialect dialect = SocketDialect.FLAT;
  private volatile @Nullable SessionRow session;
  private volatile @Nullable SocketReader reader;
  private volatile boolean asked;
  private boolean interruptOnDisconnect;

  /** What conversations work with. */
  record Parts(
      TokenVerifier tokens,
      Sessions sessions,
      SessionRecords records,
      ClientToolAnswers toolAnswers,
      SessionFeeds feeds,
      SocketProperties properties,
      Clock clock) {}

  SocketConversation(
      SocketWriter writer, VerifiedToken token, @Nullable Long afterSeq, Parts parts) {
    this.writer = writer;
    this.token = token;
    this.afterSeqOfQuery = afterSeq;
    this.parts = parts;
  }

  /** Takes one frame. A problem that ends the connection is thrown, any other is told. */
  void accept(String text) {
    switch (frame(text)) {
      case ClientFrame.Init(var options) -> init(options);
      case ClientFrame.User user ->
          send(user.uuid(), user.message() == null ? null : user.message().content());
      case ClientFrame.Prompt prompt -> {
        dialect = SocketDialect.WRAPPED;
        var payload = prompt.payload();
        send(null, payload == null ? null : text(payload.message()));
      }
      case ClientFrame.SdkMessage legacy -> {
        dialect = SocketDialect.WRAPPED;
        var payload = legacy.payload();
        send(
            null,
            payload == null
                ? null
                : payload.content() != null ? payload.content() : payload.message());
      }
      case ClientFrame.ToolResult result -> toolResult(result);
      case ClientFrame.Control control -> control(control);
      case ClientFrame.Ping ping ->
          writer.send(
              new ServerFrame.Pong(
                  new ServerFrame.Pong.PongPayload(
                      ping.payload() == null ? null : ping.payload().timestamp())));
      case ClientFrame.Unrecognized(var type) ->
          LOG.atInfo().log("ignoring a frame of type {}", type);
    }
  }

  /** The socket is gone; what runs goes on, unless the client wanted otherwise. */
  void disconnected() {
    var reading = reader;
    if (reading != null) {
      reading.close();
    }
    var row = session;
    if (row == null) {
      return;
    }
    if (interruptOnDisconnect && !asked && !ownTurns.isEmpty()) {
      tell(
          row,
          () -> {
            var _ = parts.sessions().interrupt(row);
          });
    }
    tell(row, () -> parts.sessions().disconnected(row, id, asked));
  }

  private static void tell(SessionRow row, Runnable what) {
    try {
      what.run();
    } catch (ProblemException notTold) {
      LOG.atWarn()
          .log("session {} was not told of a lost socket: {}", row.id(), notTold.getMessage());
    }
  }

  private static ClientFrame frame(String text) {
    try {
      var frame = ProtocolJson.mapper().readValue(text, ClientFrame.class);
      if (frame == null) {
        throw new ProblemException(ProblemType.INVALID_REQUEST, "Invalid frame: null");
      }
      return frame;
    } catch (JacksonException malformed) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid frame: "
              + malformed.getOriginalMessage().lines().findFirst().orElse("not JSON"));
    }
  }

  private void init(@Nullable SessionOptions asked) {
    if (session != null) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid frame: init was sent already; open another connection for another session.");
    }
    requireFresh();
    var options = asked == null ? SessionOptions.NONE : asked;
    interruptOnDisconnect = "interrupt".equals(options.onDisconnect());
    var open = parts.sessions().open(token, options, id, null);
    var row = open.row();
    session = row;
    var afterSeq = options.afterSeq() != null ? options.afterSeq() : afterSeqOfQuery;
    reader =
        SocketReader.start(
            new SocketReader.View(
                row.id(),
                afterSeq == null ? row.lastSeq() : afterSeq,
                afterSeq != null,
                Boolean.TRUE.equals(options.includePartialMessages()),
                open.announced() ? id : null,
                ownTurns),
            () -> dialect,
            writer,
            parts);
    var isThere =
        writer.send(
            ServerFrame.Control.of(
                "session_info",
                ProtocolJson.mapper()
                    .createObjectNode()
                    .put("sessionId", row.id().value())
                    .put("model", row.model())));
    if (!isThere) {
      // It went before there was a session to tell.
      disconnected();
    }
  }

  private void send(@Nullable String uuid, @Nullable JsonNode content) {
    var row = session;
    if (row == null) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST, "Invalid frame: send init before the first message.");
    }
    if (refuseExpired()) {
      return;
    }
    var message = messageId(uuid);
    ownTurns.add(new TurnId(message.value()));
    try {
      var _ = parts.sessions().submit(row, Message.of(message, content, SendPolicy.ENQUEUE));
      parts.feeds().wake(row.id());
    } catch (ProblemException refused) {
      ownTurns.remove(new TurnId(message.value()));
      writer.error(refused.problem());
    }
  }

  /** The client's own id of the message where it has one; any text becomes a UUID. */
  private static MessageId messageId(@Nullable String uuid) {
    if (uuid == null || uuid.isBlank()) {
      return new MessageId(UUID.randomUUID().toString());
    }
    try {
      return new MessageId(UUID.fromString(uuid).toString());
    } catch (IllegalArgumentException anyText) {
      return new MessageId(
          UUID.nameUUIDFromBytes(uuid.getBytes(StandardCharsets.UTF_8)).toString());
    }
  }

  private void toolResult(ClientFrame.ToolResult frame) {
    var row = session;
    var payload = frame.payload();
    if (row == null || payload == null || payload.callId() == null || payload.result() == null) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid frame: tool_result needs an open session, callId and result.");
    }
    parts.toolAnswers().answer(row.id(), payload.callId(), payload.result());
  }

  private void control(ClientFrame.Control control) {
    var payload = control.payload();
    var action = payload == null || payload.action() == null ? "" : payload.action();
    switch (action.toLowerCase(Locale.ROOT)) {
      case "close" -> {
        asked = true;
        // The client closes the socket itself, right after this frame.
      }
      case "end_input" -> asked = ownTurns.isEmpty();
      case "interrupt" -> interrupt();
      case "token" -> renew(payload == null ? null : payload.data());
      default -> LOG.atInfo().log("ignoring control {}", action);
    }
  }

  private void interrupt() {
    var row = session;
    try {
      var receipt =
          row == null ? new InterruptResult(null, List.of()) : parts.sessions().interrupt(row);
      writer.send(ServerFrame.Control.of("interrupt", ProtocolJson.mapper().valueToTree(receipt)));
    } catch (ProblemException refused) {
      // Whoever could not interrupt wants to see what goes on all the more.
      writer.error(refused.problem());
    }
  }

  /** A fresh token of the same end user takes the place of the old one. */
  private void renew(@Nullable JsonNode data) {
    var fresh = parts.tokens().verify(data == null ? null : data.path("token").asString(null));
    if (!fresh.user().equals(token.user())) {
      throw new ProblemException(
          ProblemType.INVALID_TOKEN,
          "Authentication failed: the new token belongs to somebody else.");
    }
    token = fresh;
  }

  private void requireFresh() {
    if (token.isExpired(parts.clock().instant())) {
      throw new ProblemException(expired());
    }
  }

  /** Refuses a send under an expired token, and closes later unless a fresh one comes. */
  private boolean refuseExpired() {
    if (!token.isExpired(parts.clock().instant())) {
      return false;
    }
    writer.error(expired());
    Thread.ofVirtual()
        .name("token-grace")
        .start(() -> {
          try {
            TimeUnit.MILLISECONDS.sleep(parts.properties().expiredTokenGrace().toMillis());
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
          }
          if (token.isExpired(parts.clock().instant())) {
            writer.close(
                new CloseStatus(
                    ProblemType.TOKEN_EXPIRED.closeCode(), ProblemType.TOKEN_EXPIRED.code()));
          }
        });
    return true;
  }

  private Problem expired() {
    return new Problem(
        ProblemType.TOKEN_EXPIRED,
        "Authentication failed: the session token expired at %s; send a fresh one with control token."
            .formatted(token.expires()));
  }

  private static JsonNode text(@Nullable String text) {
    return ProtocolJson.mapper().valueToTree(text);
  }
}
