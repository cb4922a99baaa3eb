package dev.berth.api.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ApiNode;
import dev.berth.api.TestProject;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The socket up to where a session begins: what it refuses, and how it says so. */
@Timeout(60)
class SessionSocketTest {
  private static ApiNode node;
  private static TestProject project;

  @BeforeAll
  static void startNode() {
    node = ApiNode.start(Map.of("socket.max-frame", "256KB"));
    project = TestProject.in(node.db());
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @Test
  void aGoodTokenHearsThatAllIsReadyBeforeItSaysAnything() throws Exception {
    try (var client = connect()) {
      assertThat(client.next())
          .hasToString("{\"type\":\"control\",\"payload\":{\"action\":\"ready\"}}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', invalid_token, 4401",
    "not-a-token, invalid_token, 4401",
  })
  void aRefusalIsToldInsideTheSocketAndThenItCloses(String token, String error, int code)
      throws Exception {
    try (var client = new Client(node, "?token=" + token)) {
      assertRefused(client, error, code);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "null | invalid_token | 4401",
        "{\"iss\": \"PROJECT\", \"sub\": \"jane\", \"exp\": 1} | token_expired | 4401",
        "{\"iss\": \"PROJECT\", \"sub\": \"jane\", \"exp\": 4000000000} | invalid_request | 1008",
        "{\"iss\": \"PROJECT\", \"sub\": \"jane\", \"exp\": 4000000000, \"budget\": {\"ai\": 0, \"compute\": 0}} | user_budget_exhausted | 4402",
      })
  void aGenuineTokenThatGrantsNothingIsRefusedByItsReason(String claims, String error, int code)
      throws Exception {
    var token = project.signed(claims.replace("PROJECT", project.id()));

    try (var client = new Client(node, "?token=" + token)) {
      assertRefused(client, error, code);
    }
  }

  @Test
  void refusesACursorThatIsNoNumberByItsValue() throws Exception {
    try (var client = new Client(node, "?token=" + project.token("jane") + "&after_seq=last")) {
      assertThat(assertRefused(client, "invalid_request", 1008)).contains("after_seq: last");
    }
  }

  @Test
  void ignoresQueryParametersOfOtherClients() throws Exception {
    try (var client = new Client(node, "?type=prompt&vessel=x&token=" + project.token("jane"))) {
      assertThat(client.next().path("type").asString()).isEqualTo("control");
    }
  }

  @Test
  void answersAPingWithItsTimestampAndIgnoresWhatItDoesNotKnow() throws Exception {
    try (var client = ready()) {
      client.send("{\"type\": \"telemetry\", \"payload\": 7}");
      client.send("{\"no\": \"type\"}");
      client.send("{\"type\": \"control\", \"payload\": {\"action\": \"dance\", \"data\": null}}");
      client.send("{\"type\": \"control\"}");
      client.send("{\"type\": \"ping\", \"payload\": {\"timestamp\": 1764000000123}}");

      assertThat(client.next())
          .hasToString("{\"type\":\"pong\",\"payload\":{\"timestamp\":1764000000123}}");
      assertThat(client.hasHeardMore()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "{",
        "null",
        "7",
        "[]",
        "\"\"",
        "\"init\"",
        "{\"type\": \"init\", \"payload\": []}",
        "{\"type\": \"init\", \"payload\": {\"maxTurns\": \"many\"}}"
      })
  void refusesAFrameThatIsNone(String frame) throws Exception {
    try (var client = ready()) {
      client.send(frame);

      assertThat(assertRefused(client, "invalid_request", 1008)).startsWith("Invalid frame:");
    }
  }

  @Test
  void refusesAFrameThatIsTooLargeWhenItIsWhole() throws Exception {
    try (var client = ready()) {
      client.send("{\"type\": \"ping\", \"x\": \"%s\"}".formatted("x".repeat(300 * 1024)));

      assertThat(assertRefused(client, "invalid_request", 1008)).startsWith("Invalid frame:");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"user\", \"message\": {\"role\": \"user\", \"content\": \"hi\"}}",
        "{\"type\": \"prompt\", \"payload\": {\"message\": \"hi\"}}",
        "{\"type\": \"sdk_message\", \"payload\": {\"type\": \"user_message\", \"content\": \"hi\"}}"
      })
  void refusesAMessageBeforeInit(String frame) throws Exception {
    try (var client = ready()) {
      client.send(frame);

      assertThat(assertRefused(client, "invalid_request", 1008)).contains("send init before");
    }
  }

  @Test
  void refusesAToolsResultBeforeInit() throws Exception {
    try (var client = ready()) {
      client.send("{\"type\": \"tool_result\", \"payload\": {\"callId\": \"c\", \"result\": {}}}");

      assertThat(assertRefused(client, "invalid_request", 1008)).contains("tool_result");
    }
  }

  @Test
  void anInterruptBeforeInitInterruptsNothing() throws Exception {
    try (var client = ready()) {
      client.send("{\"type\": \"control\", \"payload\": {\"action\": \"interrupt\"}}");

      assertThat(client.next().path("payload").path("action").asString()).isEqualTo("interrupt");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{\"maxTurns\": 0} | invalid_request | 1008 | maxTurns: 0 (expected: > 0)",
        "{\"outputFormat\": \"xml\"} | invalid_request | 1008 | outputFormat",
        "{\"forkSession\": true} | invalid_request | 1008 | forkSession",
        "{\"forkSession\": \"true\"} | invalid_request | 1008 | forkSession",
        "{\"sessionId\": \"yesterday\"} | session_not_found | 1011 | Session not found: yesterday.",
        "{\"resume\": \"8f14e45f-ceea-467f-9575-6f1d2c1b9d1a\"} | session_not_found | 1011 | Session not found: 8f14",
      })
  void refusesAnInitThatCannotBeByWhatIsWrongWithIt(
      String options, String error, int code, String told) throws Exception {
    try (var client = ready()) {
      client.send("{\"type\": \"init\", \"payload\": %s}".formatted(options));

      assertThat(assertRefused(client, error, code)).contains(told);
    }
  }

  @Test
  void anotherUsersSessionLooksLikeNone() throws Exception {
    var others = project.session("john");
    try (var client = ready()) {
      client.send("{\"type\": \"init\", \"payload\": {\"sessionId\": \"%s\"}}".formatted(others));

      assertThat(assertRefused(client, "session_not_found", 1011))
          .isEqualTo("Session not found: %s. Start a new one without sessionId.".formatted(others));
    }
  }

  @Test
  void aFreshTokenMustBelongToTheSameUser() throws Exception {
    try (var client = ready()) {
      client.send(renewal(project.token("jane")));
      client.send("{\"type\": \"ping\"}");
      assertThat(client.next().path("type").asString()).isEqualTo("pong");

      client.send(renewal(project.token("john")));

      assertThat(assertRefused(client, "invalid_token", 4401)).contains("belongs to somebody else");
    }
  }

  @Test
  void whatGoesWrongInsideIsToldTooBeforeTheSocketCloses() throws Exception {
    var token =
        project.signed(
            """
            {"sub": "jane", "iss": "%s", "exp": 4000000000, "budget": {"ai": 1, "compute": 1},
             "permissions": {"blockedTools": [null]}}
            """
                .formatted(project.id()));
    try (var client = new Client(node, "?token=" + token)) {
      client.next();

      client.send("{\"type\": \"init\", \"payload\": {}}");

      assertRefused(client, "internal", 1011);
    }
  }

  /** The frame's message; the frame comes before the close. */
  private static String assertRefused(Client client, String error, int code) throws Exception {
    var frame = client.next();
    assertThat(frame.path("type").asString()).isEqualTo("error");
    assertThat(frame.path("payload").path("details").path("error").asString()).isEqualTo(error);
    assertThat(client.closeCode()).isEqualTo(code);
    assertThat(client.hasHeardMore()).isFalse();
    return frame.path("payload").path("message").asString();
  }

  private static String renewal(String token) {
    return "{\"type\": \"control\", \"payload\": {\"action\": \"token\", \"data\": {\"token\": \"%s\"}}}"
        .formatted(token);
  }

  private static Client connect() {
    return new Client(node, "?token=" + project.token("jane"));
  }

  private static Client ready() throws InterruptedException {
    var client = connect();
    client.next();
    return client;
  }
}
