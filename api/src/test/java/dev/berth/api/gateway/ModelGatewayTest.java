package dev.berth.api.gateway;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ApiNode;
import dev.berth.api.TestProject;
import dev.berth.api.gateway.TestProvider.Answer;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class ModelGatewayTest {
  private static final String MESSAGES = "/gateway/v1/messages";
  private static final String ASKED = "{\"model\": \"claude-opus-4-5\", \"messages\": []}";
  private static final String ANSWER =
      """
      {"type": "message", "model": "claude-opus-4-5", "usage": {"input_tokens": 100,
       "output_tokens": 20, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 3,
       "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 2}}}
      """;
  private static final String STREAM =
      """
      event: message_start
      data: {"type":"message_start","message":{"model":"claude-opus-4-5","usage":{"input_tokens":100,"output_tokens":1}}}

      event: message_delta
      data: {"type":"message_delta","usage":{"output_tokens":20}}

      event: message_stop
      data: {"type":"message_stop"}

      """;

  private static TestProvider provider;
  private static ApiNode node;
  private static TestProject project;

  private SessionId session;
  private String credential;

  @BeforeAll
  static void startNode() throws IOException {
    provider = new TestProvider();
    node =
        ApiNode.start(
            Map.of(
                "gateway.provider-url", provider.url(),
                "gateway.provider-key", "sk-the-providers-key",
                "gateway.max-request", "64KB"));
    project = TestProject.in(node.db());
  }

  @AfterAll
  static void stopNode() {
    node.close();
    provider.close();
  }

  @BeforeEach
  void beginASession() throws Exception {
    session = project.session("jane");
    epoch(session, 3);
    credential = credential(session, 3).path("credential").asString("");
    provider.asked.clear();
    provider.answer = new Answer(200, Map.of("content-type", "application/json"), ANSWER);
  }

  @Test
  void passesARequestOnUnderTheProvidersKeyAndTheAnswerBack() throws Exception {
    var answer =
        post(MESSAGES + "?beta=true", ASKED, Map.of("anthropic-beta", "b1", "x-app", "cli"));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(ANSWER);
    var asked = provider.asked.getFirst();
    assertThat(asked.line()).isEqualTo("POST /provider/v1/messages?beta=true");
    assertThat(asked.body()).isEqualTo(ASKED);
    assertThat(asked.headers().getFirst("x-api-key")).isEqualTo("sk-the-providers-key");
    assertThat(asked.headers().getFirst("anthropic-beta")).isEqualTo("b1");
    assertThat(asked.headers().getFirst("x-app")).isEqualTo("cli");
  }

  @Test
  void whatTheSandboxSaysOfItselfDoesNotReachTheProvider() throws Exception {
    post(
        MESSAGES,
        ASKED,
        Map.of(
            "x-api-key", "sk-of-the-agent",
            "cookie", "c=1",
            "x-forwarded-for", "10.0.0.1",
            "x-berth-turn", UUID.randomUUID().toString()));

    var headers = provider.asked.getFirst().headers();
    assertThat(headers.get("x-api-key")).containsExactly("sk-the-providers-key");
    assertThat(headers.keySet())
        .doesNotContain("Authorization", "Cookie", "X-forwarded-for", "X-berth-turn");
  }

  @Test
  void writesWhatAWholeAnswerUsedToTheLedger() throws Exception {
    var turn = UUID.randomUUID();

    post(MESSAGES, ASKED, Map.of("x-berth-turn", turn.toString()));

    var row = node.db().fetchSingle(LEDGER, LEDGER.SESSION_ID.eq(uuid(session)));
    assertThat(row.get(LEDGER.TURN_ID)).isEqualTo(turn);
    assertThat(row.get(LEDGER.PROJECT_ID)).isEqualTo(project.id());
    assertThat(row.get(LEDGER.ACCOUNT_ID)).isEqualTo("account of " + project.id());
    assertThat(row.get(LEDGER.END_USER_ID)).isEqualTo("jane");
    assertThat(row.get(LEDGER.EPOCH)).isEqualTo(3);
    assertThat(row.get(LEDGER.MODEL)).isEqualTo("claude-opus-4-5");
    assertThat(row.get(LEDGER.INPUT_TOKENS)).isEqualTo(100);
    assertThat(row.get(LEDGER.OUTPUT_TOKENS)).isEqualTo(20);
    assertThat(row.get(LEDGER.CACHE_CREATION_5M_TOKENS)).isEqualTo(5);
    assertThat(row.get(LEDGER.CACHE_CREATION_1H_TOKENS)).isEqualTo(2);
    assertThat(row.get(LEDGER.CACHE_READ_TOKENS)).isEqualTo(3);
    assertThat(row.get(LEDGER.COST_MICRODOLLARS)).isEqualTo(1053);
    assertThat(row.get(LEDGER.PRICE_TABLE)).isEqualTo(PriceTable.bundled().version());
  }

  @Test
  void writesWhatAStreamUsedToTheLedgerOnceAndPassesItOnUnchanged() throws Exception {
    provider.answer = new Answer(200, Map.of("content-type", "text/event-stream"), STREAM);

    var answer = post(MESSAGES, ASKED, Map.of());

    assertThat(answer.body()).isEqualTo(STREAM);
    assertThat(answer.headers().firstValue("content-type")).hasValue("text/event-stream");
    var row = node.db().fetchSingle(LEDGER, LEDGER.SESSION_ID.eq(uuid(session)));
    assertThat(row.get(LEDGER.INPUT_TOKENS)).isEqualTo(100);
    assertThat(row.get(LEDGER.OUTPUT_TOKENS)).isEqualTo(20);
    assertThat(row.get(LEDGER.TURN_ID)).isNull();
  }

  @Test
  void eachRequestHasARowOfItsOwn() throws Exception {
    post(MESSAGES, ASKED, Map.of());
    post(MESSAGES, ASKED, Map.of());

    assertThat(node.db().fetchCount(LEDGER, LEDGER.SESSION_ID.eq(uuid(session)))).isEqualTo(2);
  }

  @Test
  void countingTokensCostsNothing() throws Exception {
    var answer = post(MESSAGES + "/count_tokens", ASKED, Map.of());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(node.db().fetchCount(LEDGER, LEDGER.SESSION_ID.eq(uuid(session)))).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 400, 429, 529})
  void whatTheProviderRefusesIsPassedOnUnchangedAndCostsNothing(int status) throws Exception {
    provider.answer =
        new Answer(status, Map.of("retry-after", "7", "location", "http://127.0.0.1:1/"), ANSWER);

    var answer = post(MESSAGES, ASKED, Map.of());

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("retry-after")).hasValue("7");
    assertThat(answer.body()).isEqualTo(ANSWER);
    assertThat(provider.asked).as("nothing is repeated here").hasSize(1);
    assertThat(node.db().fetchCount(LEDGER, LEDGER.SESSION_ID.eq(uuid(session)))).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /gateway/v1/messages",
    "DELETE, /gateway/v1/messages",
    "POST, /gateway/v1/messages/batches",
    "POST, /gateway/v1/messages/",
    "POST, /gateway/v1/complete",
    "POST, /gateway/v1/files",
    "GET, /gateway/v1/models/claude-opus-4-5",
    "GET, /gateway/v1/organizations/me",
    "GET, /gateway/",
  })
  void letsNoOtherEndpointThrough(String method, String path) throws Exception {
    var answer = send(request(path, Map.of()).method(method, BodyPublishers.ofString(ASKED)));

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(error(answer)).isEqualTo("not_found_error");
    assertThat(provider.asked).isEmpty();
  }

  @Test
  void listsTheModels() throws Exception {
    assertThat(send(request("/gateway/v1/models", Map.of()).GET()).statusCode()).isEqualTo(200);
    assertThat(provider.asked.getFirst().line()).isEqualTo("GET /provider/v1/models");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer ", "Bearer x", "Basic x"})
  void refusesWhoHasNoCredential(String authorization) throws Exception {
    var request = HttpRequest.newBuilder(node.http(MESSAGES)).POST(BodyPublishers.ofString(ASKED));
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }

    var answer = send(request);

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(error(answer)).isEqualTo("authentication_error");
    assertThat(provider.asked).isEmpty();
  }

  @Test
  void refusesASandboxWhoseEpochHasBeenReplaced() throws Exception {
    epoch(session, 4);

    assertThat(post(MESSAGES, ASKED, Map.of()).statusCode()).isEqualTo(401);
    assertThat(provider.asked).isEmpty();
  }

  @Test
  void asksOnlyTheModelsOfTheSession() throws Exception {
    allow("claude-haiku-4-5", "claude-sonnet-4-5");

    var refused = post(MESSAGES, ASKED, Map.of());
    var counted = post(MESSAGES + "/count_tokens", ASKED, Map.of());
    var allowed = post(MESSAGES, "{\"model\": \"claude-haiku-4-5\"}", Map.of());

    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(error(refused)).isEqualTo("permission_error");
    assertThat(refused.body()).contains("claude-opus-4-5").contains("claude-haiku-4-5");
    assertThat(counted.statusCode()).isEqualTo(403);
    assertThat(allowed.statusCode()).isEqualTo(200);
    assertThat(provider.asked).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\": \"claude-opus-4-5\", \"metadata\": DEEP}",
        "{\"model\": \"claude-opus-4-5\", \"n\": LONG}",
        "{\"model\": [\"claude-opus-4-5\"]}",
        "{\"messages\": []}",
        "not JSON",
        ""
      })
  void aSessionWithModelsMayNotAskForOneThatCannotBeRead(String body) throws Exception {
    allow("claude-haiku-4-5");
    var asked =
        body.replace("DEEP", "[".repeat(300) + "]".repeat(300)).replace("LONG", "1".repeat(2000));

    var answer = post(MESSAGES, asked, Map.of());

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer)).isEqualTo("invalid_request_error");
    assertThat(provider.asked).isEmpty();
  }

  @Test
  void ofASessionThatMayAskAllModelsTheProviderJudgesTheRequest() throws Exception {
    provider.answer = new Answer(400, Map.of(), "{\"type\": \"error\"}");

    assertThat(post(MESSAGES, "not JSON", Map.of()).statusCode()).isEqualTo(400);
    assertThat(provider.asked.getFirst().body()).isEqualTo("not JSON");
  }

  @Test
  void refusesARequestThatIsLargerThanTheProviderTakes() throws Exception {
    var fits = "{\"model\": \"m\"}" + " ".repeat(64 * 1024 - 14);

    assertThat(post(MESSAGES, fits, Map.of()).statusCode()).isEqualTo(200);
    var refused = post(MESSAGES, fits + " ", Map.of());

    assertThat(refused.statusCode()).isEqualTo(413);
    assertThat(error(refused)).isEqualTo("request_too_large");
    assertThat(provider.asked).hasSize(1);
  }

  @Test
  void aProviderThatIsAwayIsABadGateway() throws Exception {
    try (var alone = ApiNode.start(Map.of("gateway.provider-url", "http://127.0.0.1:1"))) {
      var its = TestProject.in(alone.db());
      var held = its.session("jane");
      var given = credential(alone, held, 0);

      var answer =
          alone
              .client()
              .send(
                  HttpRequest.newBuilder(alone.http(MESSAGES))
                      .header("Authorization", "Bearer " + given.path("credential").asString(""))
                      .POST(BodyPublishers.ofString(ASKED))
                      .build(),
                  BodyHandlers.ofString());

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(error(answer)).isEqualTo("api_error");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer guess"})
  void givesCredentialsToNobodyButItsWorkers(String authorization) throws Exception {
    var request =
        HttpRequest.newBuilder(node.http("/internal/credentials"))
            .POST(
                BodyPublishers.ofString(
                    "{\"session_id\": \"%s\", \"epoch\": 3}".formatted(session)));
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }

    assertThat(send(request).statusCode()).isEqualTo(401);
  }

  @Test
  void givesNoCredentialForAReplacedEpochOrAnUnknownSession() throws Exception {
    assertThat(ask(node, session, 2).statusCode()).isEqualTo(409);
    assertThat(ask(node, session, 4).statusCode()).isEqualTo(409);
    assertThat(ask(node, new SessionId(UUID.randomUUID().toString()), 3).statusCode())
        .isEqualTo(409);
  }

  private void allow(String... models) {
    node.db()
        .update(SESSIONS)
        .set(SESSIONS.ALLOWED_MODELS, models)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();
  }

  private static void epoch(SessionId session, int epoch) {
    node.db()
        .update(SESSIONS)
        .set(SESSIONS.EPOCH, epoch)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();
  }

  private static JsonNode credential(SessionId session, int epoch) throws Exception {
    return credential(node, session, epoch);
  }

  private static JsonNode credential(ApiNode node, SessionId session, int epoch) throws Exception {
    var answer = ask(node, session, epoch);
    assertThat(answer.statusCode()).isEqualTo(200);
    return ProtocolJson.mapper().readTree(answer.body());
  }

  private static HttpResponse<String> ask(ApiNode node, SessionId session, int epoch)
      throws Exception {
    return node.client()
        .send(
            HttpRequest.newBuilder(node.http("/internal/credentials"))
                .header("Authorization", "Bearer " + ApiNode.INTERNAL)
                .POST(
                    BodyPublishers.ofString(
                        "{\"session_id\": \"%s\", \"epoch\": %d}".formatted(session, epoch)))
                .build(),
            BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String body, Map<String, String> headers)
      throws Exception {
    return send(request(path, headers).POST(BodyPublishers.ofString(body)));
  }

  private HttpRequest.Builder request(String path, Map<String, String> headers) {
    var request =
        HttpRequest.newBuilder(node.http(path)).header("Authorization", "Bearer " + credential);
    headers.forEach(request::header);
    return request;
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return node.client().send(request.build(), BodyHandlers.ofString());
  }

  private static String error(HttpResponse<String> answer) {
    return ProtocolJson.mapper().readTree(answer.body()).path("error").path("type").asString("");
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
