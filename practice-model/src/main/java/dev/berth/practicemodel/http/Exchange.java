package dev.berth.practicemodel.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import tools.jackson.databind.JsonNode;

/** One request and its response, as the endpoints need them. */
final class Exchange {
  private static final String REQUEST_ID = "request-id";
  private static final String OWN_PREFIX = "x-berth-";
  private static final int MAX_RECORDED = 8;
  private static final int MAX_RECORDED_LENGTH = 128;

  private final Request request;
  private final Response response;
  private final String id;
  private final Instant at = Instant.now();

  Exchange(Request request, Response response, String id) {
    this.request = request;
    this.response = response;
    this.id = id;
    response.getHeaders().put(REQUEST_ID, id);
  }

  String id() {
    return id;
  }

  Instant at() {
    return at;
  }

  String method() {
    return request.getMethod();
  }

  String path() {
    return Request.getPathInContext(request);
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(request.getHeaders().get(name));
  }

  /** The headers that are kept with the request: those of Berth, a few, and not at any length. */
  Map<String, String> recordedHeaders() {
    var recorded = new HashMap<String, String>();
    for (var field : request.getHeaders()) {
      var name = field.getName().toLowerCase(Locale.ROOT);
      if (name.startsWith(OWN_PREFIX)
          && field.getValue() != null
          && recorded.size() < MAX_RECORDED) {
        var value = field.getValue();
        recorded.put(name, value.substring(0, Math.min(value.length(), MAX_RECORDED_LENGTH)));
      }
    }
    return recorded;
  }

  /**
   * @throws ApiError when it is longer
   */
  byte[] body(int maxBytes) throws IOException {
    try (var body = Content.Source.asInputStream(request)) {
      var bytes = body.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new ApiError(413, "Request exceeds the maximum of " + maxBytes + " bytes");
      }
      return bytes;
    }
  }

  void send(int status, JsonNode body) throws IOException {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    var bytes = body.toString().getBytes(UTF_8);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
    Content.Sink.write(response, true, ByteBuffer.wrap(bytes));
  }

  void sendNothing(int status) throws IOException {
    response.setStatus(status);
    Content.Sink.write(response, true, ByteBuffer.allocate(0));
  }

  void startEvents() {
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
  }

  /** Writes through to the network before it returns. */
  void write(String text, boolean last) throws IOException {
    Content.Sink.write(response, last, ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  EndPoint endPoint() {
    return request.getConnectionMetaData().getConnection().getEndPoint();
  }
}
