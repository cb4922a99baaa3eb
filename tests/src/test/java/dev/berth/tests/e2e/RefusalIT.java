package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static dev.berth.tests.e2e.TestSocket.frame;
import static dev.berth.tests.e2e.TestSocket.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import dev.berth.standalone.platform.Connection;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Bad tokens and bad frames: each is refused inside the socket, by its code, and nothing hangs. */
@Tag("e2e")
@Timeout(240)
class RefusalIT {
  private static final String NOT_GENUINE = "invalid_token";

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  record BadToken(String name, Function<Connection, String> token, String error, int close) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<BadToken> badTokens() {
    return Stream.of(
        new BadToken("none at all", connection -> "", NOT_GENUINE, 4401),
        new BadToken("not a JWT", connection -> "abc", NOT_GENUINE, 4401),
        new BadToken("three dots of nothing", connection -> "..", NOT_GENUINE, 4401),
        new BadToken("100 KiB", connection -> "x".repeat(7_000), NOT_GENUINE, 4401),
        new BadToken("alg none", TestTokens::unsigned, NOT_GENUINE, 4401),
        new BadToken(
            "another algorithm",
            connection -> TestTokens.withAlgorithm(connection, JWSAlgorithm.HS512),
            NOT_GENUINE,
            4401),
        new BadToken(
            "wrong key",
            connection -> TestTokens.signedWith(connection, "hk_live_" + "0".repeat(48)),
            NOT_GENUINE,
            4401),
        new BadToken(
            "unknown project",
            connection -> TestTokens.changed(connection, claims -> claims.issuer("somebody-else")),
            NOT_GENUINE,
            4401),
        new BadToken(
            "project that is a path",
            connection -> TestTokens.changed(connection, claims -> claims.issuer("../../x")),
            NOT_GENUINE,
            4401),
        new BadToken(
            "expired",
            connection -> TestTokens.expiring(connection, Duration.ofSeconds(-5)),
            "token_expired",
            4401),
        new BadToken(
            "no expiry",
            connection -> TestTokens.changed(connection, claims -> claims.expirationTime(null)),
            NOT_GENUINE,
            4401),
        new BadToken(
            "no end user",
            connection -> TestTokens.changed(connection, claims -> claims.subject(null)),
            NOT_GENUINE,
            4401),
        new BadToken(
            "no budget",
            connection -> TestTokens.changed(connection, claims -> claims.claim("budget", null)),
            "invalid_request",
            1008),
        new BadToken(
            "budget of nothing",
            connection ->
                TestTokens.changed(
                    connection, claims -> claims.claim("budget", Map.of("ai", 0, "compute", 60))),
            "user_budget_exhausted",
            4402));
  }

  @ParameterizedTest
  @MethodSource("badTokens")
  void aBadTokenIsRefusedInsideTheSocket(BadToken bad) {
    var socket =
        TestSocket.open(
            platform.connection().wsUrl() + "?token=" + bad.token().apply(platform.connection()));

    var error = socket.error();

    assertThat(error.at("/details/error").asString("")).isEqualTo(bad.error());
    assertThat(error.path("message").asString("")).isNotBlank().doesNotContain("Exception");
    assertThat(socket.awaitClose()).isEqualTo(bad.close());
    assertThat(socket.types()).startsWith("error");
  }

  @Test
  void anUnknownProjectAndABadSignatureLookTheSame() {
    assertThat(
            messageFor(
                TestTokens.changed(platform.connection(), claims -> claims.issuer("unknown"))))
        .isEqualTo(messageFor(TestTokens.signedWith(platform.connection(), "x".repeat(40))));
  }

  @Test
  void aTurnBeforeInitIsRefused() {
    assertRefused(platform.socket("mallory").user("say hello"), "send init before");
  }

  @Test
  void initTwiceIsRefused() {
    var socket = platform.socket("mallory").init(allowAll());

    assertRefused(socket.send(frame("init", json())), "init was sent already");
  }

  @Test
  void whatIsNotJsonIsRefused() {
    assertRefused(platform.socket("mallory").text("{\"type\":"), "Invalid frame");
  }

  @Test
  void unknownFramesAndFieldsAreIgnored() {
    try (var socket =
        platform
            .socket("mallory")
            .send(json().put("type", "frame_from_the_future"))
            .init(allowAll().put("an_option_from_the_future", 1))) {
      socket.send(json().put("type", "another"));

      assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  @Test
  void optionsThatCannotBeUsedAreRefusedByName() {
    assertRefused(
        platform.socket("mallory").send(frame("init", json().put("maxTurns", -1))), "maxTurns: -1");
    assertRefused(
        platform.socket("mallory").send(frame("init", json().put("permissionMode", "root"))),
        "permissionMode: root");
    assertRefused(
        platform.socket("mallory").send(frame("init", json().put("maxTurns", "many"))),
        "Invalid frame");
  }

  @Test
  void anUnknownSessionAndAnotherUsersSessionAreNotFound() {
    String session;
    try (var socket = platform.socket("alice").init(allowAll())) {
      session = socket.session();
    }

    for (var id : new String[] {UUID.randomUUID().toString(), session, "not-an-id", "../x"}) {
      var socket = platform.socket("mallory").send(frame("init", json().put("sessionId", id)));
      assertThat(socket.error().path("message").asString("")).contains("Session not found");
      assertThat(socket.awaitClose()).isEqualTo(1011);
    }
  }

  @Test
  void aFrameThatIsTooLargeIsRefusedAndTheServerLives() {
    var huge =
        "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\""
            + "x".repeat(60 << 20)
            + "\"}}";
    var socket = platform.socket("mallory").init(allowAll());
    var sender =
        Thread.ofVirtual()
            .start(() -> {
              try {
                socket.text(huge);
              } catch (RuntimeException cut) {
                // The server does not wait for the rest of it.
                return;
              }
            });

    assertThat(socket.error().path("message").asString("")).contains("more than 48 MiB");
    assertThat(socket.awaitClose()).isEqualTo(1008);
    sender.interrupt();
    try (var next = platform.socket("mallory").init(allowAll())) {
      assertThat(next.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  @Test
  void aMessageOfOneMebibyteReachesTheAgent() {
    try (var socket = platform.socket("mallory").init(allowAll())) {
      var text = "say big enough\n" + "x".repeat(1 << 20);

      assertThat(socket.turn(text).path("subtype").asString("")).isEqualTo("success");
    }
  }

  @Test
  void emptyAndUnknownContentIsRefusedAndTheSocketStays() {
    try (var socket = platform.socket("mallory").init(allowAll())) {
      socket.user("");
      assertThat(socket.error().path("message").asString("")).contains("an empty text");
      var odd = json().put("type", "user");
      odd.putObject("message").putArray("content").addObject().put("type", "video");
      socket.send(odd);
      assertThat(socket.error().path("message").asString("")).contains("video");

      assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  @Test
  void aTokenThatExpiresInMidSessionRefusesTheNextSendUntilAFreshOneComes() throws Exception {
    var connection = platform.connection();
    var socket =
        TestSocket.open(
                connection.wsUrl()
                    + "?token="
                    + TestTokens.expiring(connection, Duration.ofSeconds(15)))
            .init(allowAll());
    socket.user("bash python3 -c \"import time; time.sleep(16)\"\nsay past the end");
    assertThat(socket.result().path("result").asString("")).isEqualTo("past the end");

    socket.user("say refused");
    assertThat(socket.error().at("/details/error").asString("")).isEqualTo("token_expired");
    socket.send(
        frame(
            "control",
            json()
                .put("action", "token")
                .set(
                    "data",
                    json().put("token", TestTokens.expiring(connection, Duration.ofMinutes(5))))));

    assertThat(socket.turn("say welcome back").path("result").asString(""))
        .isEqualTo("welcome back");
    socket.close();
  }

  @Test
  void pingIsAnsweredWithItsTimestamp() {
    try (var socket = platform.socket("mallory")) {
      socket.send(frame("ping", json().put("timestamp", 1763800000123L)));

      var pong = socket.await(frame -> frame.path("type").asString("").equals("pong"));
      assertThat(pong.at("/payload/timestamp").asLong()).isEqualTo(1763800000123L);
    }
  }

  private static String messageFor(String token) {
    return TestSocket.open(platform.connection().wsUrl() + "?token=" + token)
        .error()
        .path("message")
        .asString("");
  }

  private static void assertRefused(TestSocket socket, String message) {
    JsonNode error = socket.error();
    assertThat(error.path("code").asString("")).isEqualTo("VALIDATION_ERROR");
    assertThat(error.path("message").asString("")).contains(message);
    assertThat(socket.awaitClose()).isEqualTo(1008);
  }
}
