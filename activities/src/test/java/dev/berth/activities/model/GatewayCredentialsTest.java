package dev.berth.activities.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GatewayCredentialsTest {
  private static final SessionId SESSION = new SessionId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");
  private static final URI NOWHERE = URI.create("http://127.0.0.1:1");

  private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer node;
  private volatile int status = 200;
  private volatile Duration life = Duration.ofMinutes(10);

  @BeforeEach
  void startNode() throws IOException {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext(
        "/internal/credentials",
        exchange -> {
          try (exchange) {
            asked.add(
                exchange.getRequestHeaders().getFirst("Authorization")
                    + " "
                    + new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            var body =
                "{\"credential\": \"c%d\", \"expires_at\": \"%s\"}"
                    .formatted(asked.size(), Instant.now().plus(life))
                    .getBytes(UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    node.start();
  }

  @AfterEach
  void stopNode() {
    client.shutdownNow();
    node.stop(0);
  }

  @Test
  void asksOnceInTheNameOfTheSandboxAndKeepsTheAnswer() {
    var credentials = credentials(url());

    assertThat(credentials.of(SESSION, 3)).isEqualTo("c1");
    assertThat(credentials.of(SESSION, 3)).isEqualTo("c1");
    assertThat(asked)
        .containsExactly("Bearer internal {\"session_id\":\"%s\",\"epoch\":3}".formatted(SESSION));
  }

  @Test
  void eachEpochHasItsOwn() {
    var credentials = credentials(url());

    assertThat(credentials.of(SESSION, 3)).isEqualTo("c1");
    assertThat(credentials.of(SESSION, 4)).isEqualTo("c2");
  }

  @Test
  void renewsOneThatWouldExpireOnItsWay() {
    life = Duration.ofSeconds(30);
    var credentials = credentials(url());

    assertThat(credentials.of(SESSION, 3)).isEqualTo("c1");
    assertThat(credentials.of(SESSION, 3)).isEqualTo("c2");
  }

  @Test
  void aReplacedEpochGetsNone() {
    status = 409;

    assertRefused(credentials(url()), ProblemType.SUPERSEDED);
  }

  @Test
  void aNodeThatDoesNotKnowThisWorkerIsUnavailable() {
    status = 401;

    assertRefused(credentials(url()), ProblemType.UNAVAILABLE);
  }

  @Test
  void anAnswerOfOneNodeThatIsAwayComesFromTheNextWhenAskedAgain() {
    var credentials = credentials(NOWHERE, url());

    assertRefused(credentials, ProblemType.UNAVAILABLE);

    assertThat(credentials.of(SESSION, 3)).isEqualTo("c1");
  }

  private static void assertRefused(GatewayCredentials credentials, ProblemType type) {
    assertThatThrownBy(() -> credentials.of(SESSION, 3))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(type));
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + node.getAddress().getPort());
  }

  private GatewayCredentials credentials(URI... nodes) {
    var gateway = new GatewayProperties(List.of(nodes), new Secret("internal"));
    return new GatewayCredentials(gateway, new GatewayAddresses(gateway.urls()), client);
  }
}
