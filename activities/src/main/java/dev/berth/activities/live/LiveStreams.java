package dev.berth.activities.live;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.LiveFrame;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * What api nodes ask of the host of a session, inside the platform only.
 *
 * <ul>
 *   <li>{@code GET /internal/sessions/{id}/live}: the {@link LiveFrame}s of the session, one a
 *       line, for as long as both sides are there.
 *   <li>{@code POST /internal/sessions/{id}/tool-results}: an answer of a client lies in the
 *       database and is to be handed to the bridge.
 *   <li>404 when the session's sandbox is not on this host, 401 without the credential.
 * </ul>
 */
public final class LiveStreams {
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final String BEARER = "Bearer ";

  private final Function<SessionId, @Nullable LiveSession> sessions;
  private final Secret credential;

  public LiveStreams(Function<SessionId, @Nullable LiveSession> sessions, Secret credential) {
    this.sessions = sessions;
    this.credential = credential;
  }

  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/internal/sessions/{id}/live", this::live)
        .POST("/internal/sessions/{id}/tool-results", this::toolResults)
        .filter((request, next) ->
            isAuthentic(request)
                ? next.handle(request)
                : ServerResponse.status(HttpStatus.UNAUTHORIZED).build())
        .build();
  }

  private ServerResponse live(ServerRequest request) {
    var session = session(request);
    if (session == null) {
      return ServerResponse.notFound().build();
    }
    return ServerResponse.ok()
        .header(HttpHeaders.CONTENT_TYPE, "application/jsonl")
        .build((servletRequest, response) -> {
          write(session, response);
          return null;
        });
  }

  private ServerResponse toolResults(ServerRequest request) {
    var session = session(request);
    if (session == null) {
      return ServerResponse.notFound().build();
    }
    session.deliverToolResults();
    return ServerResponse.noContent().build();
  }

  private static void write(LiveSession session, HttpServletResponse response) throws IOException {
    var out = response.getOutputStream();
    try (var watcher = session.live().watch()) {
      while (true) {
        var frame = watcher.next(HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
        if (frame == null) {
          out.write(line(new LiveFrame.Ended()));
          out.flush();
          return;
        }
        out.write(line(frame));
        if (!watcher.hasNext()) {
          out.flush();
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] line(LiveFrame frame) {
    var json = ProtocolJson.mapper().writeValueAsBytes(frame);
    var line = Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    return line;
  }

  private @Nullable LiveSession session(ServerRequest request) {
    try {
      return sessions.apply(new SessionId(request.pathVariable("id")));
    } catch (IllegalArgumentException notAnId) {
      return null;
    }
  }

  private boolean isAuthentic(ServerRequest request) {
    var header = request.headers().firstHeader(HttpHeaders.AUTHORIZATION);
    return header != null
        && header.startsWith(BEARER)
        && credential.matches(header.substring(BEARER.length()));
  }
}
