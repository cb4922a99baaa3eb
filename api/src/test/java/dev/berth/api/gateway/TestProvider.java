package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;

/** Answers what a test says, and remembers what it was asked. */
final class TestProvider implements AutoCloseable {
  final ConcurrentLinkedDeque<Asked> asked = new ConcurrentLinkedDeque<>();
  volatile Answer answer = new Answer(200, Map.of(), "");

  /** Happens when a request has come and is not answered yet. */
  volatile Runnable meanwhile = () -> {};

  private final HttpServer server;

  /** What the provider was asked. */
  record Asked(String line, Headers headers, String body) {}

  /**
   * @param cut whether the connection ends before the body does; without a body, before the answer
   */
  record Answer(int status, Map<String, String> headers, String body, boolean cut) {
    Answer(int status, Map<String, String> headers, String body) {
      this(status, headers, body, false);
    }
  }

  TestProvider() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            asked.add(
                new Asked(
                    exchange.getRequestMethod() + " " + exchange.getRequestURI(),
                    exchange.getRequestHeaders(),
                    new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
            meanwhile.run();
            var now = answer;
            var body = now.body().getBytes(UTF_8);
            if (now.cut() && body.length == 0) {
              return;
            }
            now.headers().forEach(exchange.getResponseHeaders()::set);
            var length = now.cut() ? body.length + 1 : body.length;
            exchange.sendResponseHeaders(now.status(), length == 0 ? -1 : length);
            exchange.getResponseBody().write(body);
            exchange.getResponseBody().flush();
          }
        });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/provider/";
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
