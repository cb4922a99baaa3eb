package dev.berth.api.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.api.events.SessionFeed.Item;
import dev.berth.api.http.Answers;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.http.EndUserRequests.Owned;
import dev.berth.db.LogPage;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.LogTruncated;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jooq.DSLContext;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;

/**
 * {@code GET /v1/sessions/{id}/events}: the event log of a session, for its end user.
 *
 * <ul>
 *   <li>As JSON: a page after {@code after_seq}, at most {@code limit} events, fewer when they are
 *       large.
 *   <li>With {@code Accept: text/event-stream}: the log from {@code Last-Event-ID}, or {@code
 *       after_seq}, and then what happens, for as long as the reader stays; deltas have no id.
 * </ul>
 *
 * <p>Who begins before the first event that is kept is told so before it gets that one: by the
 * page's {@code truncated}, in a stream by {@code log.truncated} under the number of the last event
 * that is gone.
 */
final class EventRoutes {
  private static final int PAGE = 200;
  private static final int MAX_PAGE = 1000;
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  private final EndUserRequests requests;
  private final Owned<SessionId> owned;
  private final SessionFeeds feeds;
  private final DSLContext db;

  EventRoutes(EndUserRequests requests, Owned<SessionId> owned, SessionFeeds feeds, DSLContext db) {
    this.requests = requests;
    this.owned = owned;
    this.feeds = feeds;
    this.db = db;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/v1/sessions/{id}/events", this::events)
        .onError(RuntimeException.class, Answers::failure)
        .build();
  }

  private ServerResponse events(ServerRequest request) {
    var session = requests.session(request, owned);
    var stream =
        request.headers().accept().stream()
            .anyMatch(type ->
                type.isCompatibleWith(MediaType.TEXT_EVENT_STREAM) && !type.isWildcardType());
    var after = number(request, "after_seq", 0);
    if (!stream) {
      return page(session, after, Math.clamp(number(request, "limit", PAGE), 1, MAX_PAGE));
    }
    var last = request.headers().firstHeader("Last-Event-ID");
    return stream(session, last == null ? after : number("Last-Event-ID", last));
  }

  private ServerResponse page(SessionId session, long after, int limit) {
    var page = LogPage.read(db, session, after, limit);
    var body = ProtocolJson.mapper().createObjectNode().put("has_more", page.more());
    if (page.truncated() != null) {
      body.set("truncated", ProtocolJson.mapper().<JsonNode>valueToTree(page.truncated()));
    }
    var array = body.putArray("events");
    page.events().forEach(event -> array.add(ProtocolJson.mapper().<JsonNode>valueToTree(event)));
    return Answers.json(HttpStatus.OK, body);
  }

  private ServerResponse stream(SessionId session, long after) {
    return ServerResponse.ok()
        .contentType(MediaType.TEXT_EVENT_STREAM)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .build((servletRequest, response) -> {
          follow(session, after, response);
          return null;
        });
  }

  private void follow(SessionId session, long after, HttpServletResponse response)
      throws IOException {
    var out = response.getOutputStream();
    try (var feed = feeds.read(session, after, true)) {
      response.flushBuffer();
      while (true) {
        switch (feed.next(KEEP_ALIVE)) {
          case null -> write(out, ": alive\n\n");
          case Item.Stored(var event) -> write(out, numbered(event.seq(), event.type(), event));
          case Item.Truncated(var log) ->
              write(out, numbered(log.cutSeq(), LogTruncated.TYPE, log));
          case Item.Live(var delta) ->
              write(
                  out,
                  "event: delta\ndata: %s\n\n"
                      .formatted(ProtocolJson.mapper().writeValueAsString(delta)));
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static String numbered(long seq, String type, Object data) {
    return "id: %d\nevent: %s\ndata: %s\n\n"
        .formatted(seq, type, ProtocolJson.mapper().writeValueAsString(data));
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(UTF_8));
    out.flush();
  }

  private static long number(ServerRequest request, String name, long otherwise) {
    return request.param(name).map(text -> number(name, text)).orElse(otherwise);
  }

  private static long number(String name, String text) {
    try {
      var number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      throw invalid(name, text);
    }
    throw invalid(name, text);
  }

  private static ProblemException invalid(String name, String text) {
    return new ProblemException(
        ProblemType.INVALID_REQUEST,
        "%s: %s (expected: a number ≥ 0)"
            .formatted(name, text.length() > 40 ? text.substring(0, 40) : text));
  }
}
