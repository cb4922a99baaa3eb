package dev.berth.api.sending;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.web.servlet.function.ServerRequest;
import tools.jackson.core.JacksonException;

/**
 * Reads the bodies of requests. A body has a bound, and so have all half-received bodies of the
 * node together. Unknown fields are ignored, as in the frames of a socket.
 */
final class RequestBodies {
  private static final int CHUNK = 64 * 1024;

  private final SendingProperties properties;
  private final AtomicLong buffered = new AtomicLong();

  RequestBodies(SendingProperties properties) {
    this.properties = properties;
  }

  /**
   * Reads a body.
   *
   * @param nothing what a request without a body means
   * @throws ProblemException {@code INVALID_REQUEST} for what is no such JSON, {@code
   *     REQUEST_TOO_LARGE}, {@code RATE_LIMITED}
   */
  <T> T read(ServerRequest request, Class<T> type, T nothing) {
    var body = bytes(request);
    if (body.length == 0) {
      return nothing;
    }
    try {
      var read = ProtocolJson.mapper().readValue(body, type);
      return read == null ? nothing : read;
    } catch (JacksonException malformed) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid body: " + malformed.getOriginalMessage().lines().findFirst().orElse("not JSON"));
    }
  }

  private byte[] bytes(ServerRequest request) {
    var limit = properties.maxBody().toBytes();
    if (request.headers().contentLength().orElse(0) > limit) {
      throw tooLarge();
    }
    var body = new ByteArrayOutputStream();
    var chunk = new byte[CHUNK];
    try {
      var input = request.servletRequest().getInputStream();
      for (var read = input.read(chunk); read >= 0; read = input.read(chunk)) {
        if (body.size() + read > limit) {
          throw tooLarge();
        }
        body.write(chunk, 0, read);
        if (buffered.addAndGet(read) > properties.maxBuffered().toBytes()) {
          throw new ProblemException(
              ProblemType.RATE_LIMITED,
              "Rate limit: too much is being uploaded to this server at once; try again later.");
        }
      }
      return body.toByteArray();
    } catch (IOException gone) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST, "Invalid body: it ended too early; send it again.", gone);
    } finally {
      buffered.addAndGet(-body.size());
    }
  }

  private ProblemException tooLarge() {
    return new ProblemException(
        ProblemType.REQUEST_TOO_LARGE,
        "Invalid body: it has more than %d KiB; send less at once."
            .formatted(properties.maxBody().toKilobytes()));
  }
}
