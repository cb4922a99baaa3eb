package dev.berth.practicemodel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A plain client of the Messages API. */
final class MessagesClient implements AutoCloseable {
  static final JsonMapper JSON = JsonMapper.shared();

  private final URI base;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  MessagesClient(URI base) {
    this.base = base;
  }

  static ObjectNode request(String prompt) {
    var request = JSON.createObjectNode().put("model", "claude-test").put("max_tokens", 100_000);
    request.putArray("messages").addObject().put("role", "user").put("content", prompt);
    request.putArray("tools").addObject().put("name", "Bash").putObject("input_schema");
    return request;
  }

  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(Duration.ofSeconds(20))
        .header("x-api-key", "practice");
  }

  HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return http.send(request, BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return send(to(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    return JSON.readTree(send(to(path).GET().build()).body());
  }

  JsonNode whole(ObjectNode request) throws IOException, InterruptedException {
    return JSON.readTree(post("/v1/messages", request.toString()).body());
  }

  HttpResponse<String> streamed(ObjectNode request) throws IOException, InterruptedException {
    return post("/v1/messages", request.deepCopy().put("stream", true).toString());
  }

  /** The lines of a stream as they come. */
  HttpResponse<Stream<String>> lines(ObjectNode request) throws IOException, InterruptedException {
    var body = request.deepCopy().put("stream", true).toString();
    return http.send(
        to("/v1/messages").POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofLines());
  }

  /**
   * Everything that comes on a connection of its own until that ends, headers and framing included.
   * The JDK's client throws away what it has read when a stream breaks.
   */
  String untilItEnds(ObjectNode request) throws IOException {
    var body = request.deepCopy().put("stream", true).toString().getBytes(UTF_8);
    var head =
        "POST /v1/messages HTTP/1.1\r\nHost: %s\r\nx-api-key: practice\r\nContent-Length: %d\r\n\r\n"
            .formatted(base.getAuthority(), body.length);
    var received = new ByteArrayOutputStream();
    try (var socket = new Socket(base.getHost(), base.getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(head.getBytes(UTF_8));
      socket.getOutputStream().write(body);
      var in = socket.getInputStream();
      for (var next = in.read(); next >= 0; next = in.read()) {
        received.write(next);
      }
    } catch (SocketException reset) {
      // A cut may be a reset; what came before it counts.
      return received.toString(UTF_8);
    }
    return received.toString(UTF_8);
  }

  static List<JsonNode> events(String stream) {
    return stream
        .lines()
        .filter(line -> line.startsWith("data: "))
        .map(line -> JSON.readTree(line.substring("data: ".length())))
        .toList();
  }

  /** Ends the connections that are open, answers or not. */
  @Override
  public void close() {
    http.shutdownNow();
  }
}
