package dev.berth.api.http;

import dev.berth.api.auth.EndUser;
import dev.berth.api.auth.TokenVerifier;
import dev.berth.api.auth.VerifiedToken;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.function.ServerRequest;

/**
 * Who sends a request, by {@code Authorization: Bearer <JWT>}, and which of their sessions it is
 * about. Another's session does not exist.
 */
public final class EndUserRequests {
  private static final int SHOWN = 64;

  private final TokenVerifier tokens;

  public EndUserRequests(TokenVerifier tokens) {
    this.tokens = tokens;
  }

  /** Finds a session of an end user. */
  @FunctionalInterface
  public interface Owned<T> {
    @Nullable T find(EndUser user, SessionId session);
  }

  /**
   * The token of a request.
   *
   * @throws ProblemException as {@link TokenVerifier#verify}
   */
  public VerifiedToken token(ServerRequest request) {
    var header = request.headers().firstHeader(HttpHeaders.AUTHORIZATION);
    return tokens.verify(header == null ? null : header.replaceFirst("^Bearer ", ""));
  }

  /**
   * The session that stands in the path as {@code id}.
   *
   * @throws ProblemException {@code SESSION_NOT_FOUND} when this user has none of that id; as
   *     {@link #token} before
   */
  public <T> T session(ServerRequest request, Owned<T> owned) {
    var token = token(request);
    var id = request.pathVariable("id");
    var found = find(token.user(), id, owned);
    if (found == null) {
      throw new ProblemException(
          ProblemType.SESSION_NOT_FOUND,
          "Session not found: " + (id.length() > SHOWN ? id.substring(0, SHOWN) : id));
    }
    return found;
  }

  private static <T> @Nullable T find(EndUser user, String id, Owned<T> owned) {
    try {
      return owned.find(user, new SessionId(id.toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException notAnId) {
      return null;
    }
  }
}
