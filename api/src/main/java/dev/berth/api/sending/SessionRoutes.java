package dev.berth.api.sending;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.berth.api.events.SessionFeeds;
import dev.berth.api.http.Answers;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.SessionRecords.Standing;
import dev.berth.api.session.Sessions;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.client.SessionOptions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sessions, for their end user.
 *
 * <ul>
 *   <li>{@code POST /v1/sessions}: opens one, with the options of {@code init}; 201 for a new one,
 *       200 for one that the options resume. Under the same {@code Idempotency-Key} the answer is
 *       the same session.
 *   <li>{@code GET /v1/sessions/{id}}: where it stands.
 *   <li>{@code POST /v1/sessions/{id}/interrupt}: ends what runs; answers when it has ended.
 *   <li>{@code POST /v1/sessions/{id}/restart}: a session whose transcript is lost goes on with a
 *       fresh agent and a summary; 409 for any other.
 *   <li>{@code DELETE /v1/sessions/{id}}: closes it for good; 204, as often as it is asked for.
 * </ul>
 */
final class SessionRoutes {
  private final EndUserRequests requests;
  private final RequestBodies bodies;
  private final Sessions sessions;
  private final SessionRecords records;
  private final SessionFeeds feeds;

  SessionRoutes(
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
        .POST("/v1/sessions", this::open)
        .GET("/v1/sessions/{id}", this::show)
        .POST("/v1/sessions/{id}/interrupt", this::interrupt)
        .POST("/v1/sessions/{id}/restart", this::restart)
        .DELETE("/v1/sessions/{id}", this::close)
        .onError(RuntimeException.class, Answers::failure)
        .build();
  }

  /** What may stand in the body of an interrupt. */
  private record Meant(@JsonProperty("message_id") @Nullable String messageId) {
    static final Meant ANY = new Meant(null);

    @Nullable MessageId message() {
      try {
        return messageId == null ? null : new MessageId(messageId);
      } catch (IllegalArgumentException notAnId) {
        throw new ProblemException(
            ProblemType.INVALID_REQUEST, "Invalid body: message_id: " + notAnId.getMessage());
      }
    }
  }

  private ServerResponse open(ServerRequest request) {
    var token = requests.token(request);
    var key = IdempotencyKey.of(request);
    var options = bodies.read(request, SessionOptions.class, SessionOptions.NONE);
    var open = sessions.open(token, options, null, key == null ? null : key.value());
    feeds.wake(open.row().id());
    var standing = Objects.requireNonNull(records.standing(token.user(), open.row().id()));
    return Answers.json(open.created() ? HttpStatus.CREATED : HttpStatus.OK, opened(standing));
  }

  private ServerResponse show(ServerRequest request) {
    var standing = requests.session(request, records::standing);
    return Answers.json(
        HttpStatus.OK,
        opened(standing)
            .put("reason", standing.reason())
            .put("stop_reason", standing.stopReason())
            .put("restart_reason", standing.restartReason())
            .put("turns", standing.turns())
            .put("created_at", standing.createdAt().toString()));
  }

  private ServerResponse interrupt(ServerRequest request) {
    var session = requests.session(request, records::find);
    var meant = bodies.read(request, Meant.class, Meant.ANY).message();
    var cut = sessions.interruptAndWait(session, meant);
    feeds.wake(session.id());
    var receipt = ProtocolJson.mapper().createObjectNode();
    receipt.put("interrupted", cut.cut() == null ? null : cut.cut().value());
    var waiting = receipt.putArray("waiting");
    cut.waiting().forEach(message -> waiting.add(message.value()));
    return Answers.json(HttpStatus.OK, receipt);
  }

  private ServerResponse restart(ServerRequest request) {
    var session = requests.session(request, records::find);
    var restarted = sessions.restart(session);
    feeds.wake(session.id());
    return Answers.json(
        HttpStatus.OK,
        ProtocolJson.mapper()
            .createObjectNode()
            .put("id", session.id().value())
            .put("seq", restarted.seq())
            .put("repeated", restarted.repeated()));
  }

  private ServerResponse close(ServerRequest request) {
    var session = requests.session(request, records::find);
    sessions.close(session);
    feeds.wake(session.id());
    return ServerResponse.noContent().build();
  }

  private static ObjectNode opened(Standing standing) {
    return ProtocolJson.mapper()
        .createObjectNode()
        .put("id", standing.id().value())
        .put("status", standing.status())
        .put("model", standing.model())
        .put("last_seq", standing.lastSeq());
  }
}
