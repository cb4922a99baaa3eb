package dev.berth.api.sending;

import dev.berth.api.events.SessionFeeds;
import dev.berth.api.http.Answers;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.session.Message;
import dev.berth.api.session.SendPolicy;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.api.session.Sessions;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;

/**
 * Messages of a session.
 *
 * <ul>
 *   <li>{@code POST /v1/sessions/{id}/messages}: sends one; 202 with its receipt, whose answer is
 *       in the event log. Its id is the field {@code id} or follows from {@code Idempotency-Key};
 *       under one id there is one turn, and the same receipt.
 *   <li>{@code DELETE /v1/sessions/{id}/messages/{messageId}}: withdraws one that still waits.
 * </ul>
 */
final class MessageRoutes {
  private final EndUserRequests requests;
  private final RequestBodies bodies;
  private final Sessions sessions;
  private final SessionRecords records;
  private final SessionFeeds feeds;

  MessageRoutes(
      EndUserRequests requests,
      RequestBodies bodies,
      Sessions sessions,
      SessionRecords records,
      SessionFeeds feeds) {
    this.requests = requests;
    this.bodies = bodies;
    this.sessions = sessions;
    this.records = records;
    this.feeds = feeds;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .POST("/v1/sessions/{id}/messages", this::submit)
        .DELETE("/v1/sessions/{id}/messages/{messageId}", this::withdraw)
        .onError(RuntimeException.class, Answers::failure)
        .build();
  }

  /**
   * A message as it is sent; the content stands in {@code message}, as in a {@code user} frame, or
   * beside it.
   */
  private record Sent(
      @Nullable String id,
      @Nullable UserMessage message,
      @Nullable JsonNode content,
      @Nullable String policy) {
    static final Sent NOTHING = new Sent(null, null, null, null);

    record UserMessage(@Nullable String role, @Nullable JsonNode content) {}

    @Nullable JsonNode text() {
      if (message == null) {
        return content;
      }
      if (content != null) {
        throw invalid("content and message are both given (expected: one of them)");
      }
      if (message.role() != null && !message.role().equals("user")) {
        throw invalid("role: %s (expected: user)".formatted(cut(message.role())));
      }
      return message.content();
    }

    @Nullable MessageId messageId() {
      try {
        return id == null ? null : new MessageId(id.toLowerCase(Locale.ROOT));
      } catch (IllegalArgumentException notAnId) {
        throw invalid("id: %s (expected: a UUID)".formatted(cut(id)));
      }
    }
  }

  private ServerResponse submit(ServerRequest request) {
    var session = requests.session(request, records::find);
    var key = IdempotencyKey.of(request);
    var sent = bodies.read(request, Sent.class, Sent.NOTHING);
    var message = Message.of(id(session, sent, key), sent.text(), SendPolicy.of(sent.policy()));
    var accepted = sessions.submit(session, message);
    feeds.wake(session.id());
    return Answers.json(
        HttpStatus.ACCEPTED,
        ProtocolJson.mapper()
            .createObjectNode()
            .put("id", accepted.id().value())
            .put("seq", accepted.seq())
            .put("position", accepted.position())
            .put("repeated", accepted.repeated()));
  }

  private static @Nullable MessageId id(
      SessionRow session, Sent sent, @Nullable IdempotencyKey key) {
    var id = sent.messageId();
    if (key == null) {
      return id;
    }
    var ofKey = key.message(session.id());
    if (id != null && !id.equals(ofKey)) {
      throw invalid(
          "id: %s is not that of the Idempotency-Key, %s (expected: one of them, or the same UUID)"
              .formatted(id, ofKey));
    }
    return ofKey;
  }

  private ServerResponse withdraw(ServerRequest request) {
    var session = requests.session(request, records::find);
    var message = messageId(request.pathVariable("messageId"));
    sessions.withdraw(session, message);
    feeds.wake(session.id());
    return Answers.json(
        HttpStatus.OK,
        ProtocolJson.mapper().createObjectNode().put("id", message.value()).put("withdrawn", true));
  }

  private static MessageId messageId(String id) {
    try {
      return new MessageId(id.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException notAnId) {
      throw new ProblemException(
          ProblemType.MESSAGE_NOT_FOUND, "Invalid message: %s was not found.".formatted(cut(id)));
    }
  }

  private static String cut(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "…";
  }

  private static ProblemException invalid(String what) {
    return new ProblemException(ProblemType.INVALID_REQUEST, "Invalid message: " + what);
  }
}
