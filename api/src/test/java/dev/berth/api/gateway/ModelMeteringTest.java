package dev.berth.api.gateway;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.api.ApiNode;
import dev.berth.api.TestProject;
import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.api.gateway.TestProvider.Answer;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.UUID;
import org.jooq.Record;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stays in the database of a request to the model, however it ends. */
@Timeout(60)
class ModelMeteringTest {
  private static final String ASKED =
      "{\"model\": \"claude-opus-4-5\", \"max_tokens\": 4096, \"messages\": []}";
  private static final Map<String, String> JSON = Map.of("content-type", "application/json");
  private static final Map<String, String> STREAM = Map.of("content-type", "text/event-stream");
  private static final String BEGUN =
      """
      event: message_start
      data: {"type":"message_start","message":{"model":"claude-opus-4-5","usage":{"input_tokens":100,"output_tokens":1}}}

      event: content_block_delta
      data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"0123456789"}}

      """;

  private static TestProvider provider;
  private static ApiNode node;
  private static TestProject project;

  private SessionId session;

  @BeforeAll
  static void startNode() throws IOException {
    provider = new TestProvider();
    node = ApiNode.start(Map.of("gateway.provider-url", provider.url()));
    project = TestProject.in(node.db());
  }

  @AfterAll
  static void stopNode() {
    node.close();
    provider.close();
  }

  @BeforeEach
  void beginASession() {
    session = project.session("jane");
    provider.meanwhile = () -> {};
  }

  @Test
  void aRequestIsCommittedBeforeTheProviderHasIt() throws Exception {
    var turn = UUID.randomUUID();
    var before = new ArrayList<Record>();
    provider.meanwhile = () -> before.add(request());
    provider.answer = new Answer(529, JSON, "{}");

    ask(node, session, "/v1/messages", turn);

    var opened = before.getFirst();
    assertThat(opened.get(MODEL_REQUESTS.CLOSED_AT)).isNull();
    assertThat(opened.get(MODEL_REQUESTS.TURN_ID)).isEqualTo(turn);
    assertThat(opened.get(MODEL_REQUESTS.EPOCH)).isZero();
    assertThat(opened.get(MODEL_REQUESTS.MODEL)).isEqualTo("claude-opus-4-5");
    assertThat(opened.get(MODEL_REQUESTS.REQUEST_BYTES)).isEqualTo(ASKED.length());
    assertThat(opened.get(MODEL_REQUESTS.MAX_TOKENS)).isEqualTo(4096);
    assertThat(opened.get(MODEL_REQUESTS.ESTIMATED_INPUT_TOKENS))
        .isEqualTo(Math.ceilDiv(ASKED.length(), 4));
    assertThat(opened.get(MODEL_REQUESTS.ESTIMATED_COST_MICRODOLLARS)).isPositive();
    assertThat(opened.get(MODEL_REQUESTS.OPENED_BY))
        .startsWith(ProcessHandle.current().pid() + "@");
  }

  @Test
  void theExactRowClosesItsRequest() throws Exception {
    provider.answer =
        new Answer(200, JSON, "{\"usage\": {\"input_tokens\": 100, \"output_tokens\": 20}}");

    ask();

    var row = row();
    assertThat(row.get(LEDGER.KIND)).isEqualTo("exact");
    assertThat(row.get(LEDGER.OUTPUT_BOUND)).isNull();
    assertThat(row.get(LEDGER.ENTRY_ID)).isEqualTo(request().get(MODEL_REQUESTS.REQUEST_ID));
    assertThat(request().get(MODEL_REQUESTS.CLOSED_AT)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 400, 429, 529})
  void aRefusedRequestIsClosedWithoutARow(int status) throws Exception {
    provider.answer = new Answer(status, JSON, "{\"type\": \"error\"}");

    ask();

    assertThat(request().get(MODEL_REQUESTS.CLOSED_AT)).isNotNull();
    assertThat(rows()).isZero();
  }

  @Test
  void aRequestThatTheProviderNeverHadIsClosedWithoutARow() throws Exception {
    int nobody;
    try (var free = new ServerSocket(0)) {
      nobody = free.getLocalPort();
    }
    try (var alone = ApiNode.start(Map.of("gateway.provider-url", "http://127.0.0.1:" + nobody))) {
      var its = TestProject.in(alone.db()).session("jane");

      var answer = ask(alone, its, "/v1/messages", UUID.randomUUID());

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(alone.db().fetchSingle(MODEL_REQUESTS).get(MODEL_REQUESTS.CLOSED_AT)).isNotNull();
      assertThat(alone.db().fetchCount(LEDGER)).isZero();
    }
  }

  @Test
  void aRequestThatTheProviderHadAndDidNotAnswerIsEstimated() throws Exception {
    provider.answer = new Answer(200, JSON, "", true);

    assertThat(ask().statusCode()).isEqualTo(502);

    var row = row();
    assertThat(row.get(LEDGER.KIND)).isEqualTo("estimated");
    assertThat(row.get(LEDGER.INPUT_TOKENS)).isEqualTo(Math.ceilDiv(ASKED.length(), 4));
    assertThat(row.get(LEDGER.OUTPUT_TOKENS)).isZero();
    assertThat(row.get(LEDGER.OUTPUT_BOUND)).isEqualTo(4096);
    assertThat(row.get(LEDGER.COST_MICRODOLLARS))
        .isEqualTo(request().get(MODEL_REQUESTS.ESTIMATED_COST_MICRODOLLARS));
  }

  @Test
  void aStreamThatIsCutIsEstimatedOnceWithItsBound() {
    provider.answer = new Answer(200, STREAM, BEGUN, true);

    assertThatThrownBy(this::ask).isInstanceOf(IOException.class);

    var row = row();
    assertThat(row.get(LEDGER.KIND)).isEqualTo("estimated");
    assertThat(row.get(LEDGER.INPUT_TOKENS)).isEqualTo(100);
    assertThat(row.get(LEDGER.OUTPUT_TOKENS)).as("ten bytes").isEqualTo(3);
    assertThat(row.get(LEDGER.OUTPUT_BOUND)).isEqualTo(4096);
    assertThat(request().get(MODEL_REQUESTS.CLOSED_AT)).isNotNull();
  }

  @Test
  void anAnswerThatIsCutIsEstimated() throws Exception {
    provider.answer = new Answer(200, JSON, "{\"usage\": {\"input_tokens\": 100", true);

    ask();

    assertThat(row().get(LEDGER.KIND)).isEqualTo("estimated");
    assertThat(row().get(LEDGER.INPUT_TOKENS)).isEqualTo(Math.ceilDiv(ASKED.length(), 4));
  }

  @Test
  void countingTokensOpensNothing() throws Exception {
    provider.answer = new Answer(200, JSON, "{\"input_tokens\": 9}");

    ask(node, session, "/v1/messages/count_tokens", UUID.randomUUID());

    assertThat(node.db().fetchCount(MODEL_REQUESTS, MODEL_REQUESTS.SESSION_ID.eq(uuid()))).isZero();
  }

  private HttpResponse<String> ask() throws Exception {
    return ask(node, session, "/v1/messages", UUID.randomUUID());
  }

  private static HttpResponse<String> ask(ApiNode node, SessionId session, String path, UUID turn)
      throws Exception {
    var credential =
        new SandboxCredentials(
                new Secret(ApiNode.INTERNAL), Duration.ofMinutes(1), Clock.systemUTC())
            .issue(new Holder(session, 0))
            .credential();
    return node.client()
        .send(
            HttpRequest.newBuilder(node.http("/gateway" + path))
                .header("Authorization", "Bearer " + credential)
                .header("x-berth-turn", turn.toString())
                .POST(BodyPublishers.ofString(ASKED))
                .build(),
            BodyHandlers.ofString());
  }

  private Record request() {
    return node.db().fetchSingle(MODEL_REQUESTS, MODEL_REQUESTS.SESSION_ID.eq(uuid()));
  }

  private Record row() {
    return node.db().fetchSingle(LEDGER, LEDGER.SESSION_ID.eq(uuid()));
  }

  private int rows() {
    return node.db().fetchCount(LEDGER, LEDGER.SESSION_ID.eq(uuid()));
  }

  private UUID uuid() {
    return UUID.fromString(session.value());
  }
}
