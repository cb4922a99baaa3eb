package dev.berth.practicemodel;

import static dev.berth.practicemodel.MessagesClient.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadbackTest {
  private PracticeModel model;
  private MessagesClient client;

  @BeforeEach
  void start() {
    model = PracticeModel.start("127.0.0.1", 0);
    client = new MessagesClient(model.baseUrl());
  }

  @AfterEach
  void close() {
    client.close();
    model.close();
  }

  @Test
  void requestsTellWhatWasAnswered() throws Exception {
    var request = request("say ahoy");
    request.putObject("metadata").put("user_id", "{\"session_id\":\"s-1\"}");
    var sent =
        client
            .to("/v1/messages")
            .header("x-berth-request-id", "b-7")
            .header("x-other", "not kept")
            .header("x-claude-code-agent-id", "a-2")
            .POST(BodyPublishers.ofString(request.toString()))
            .build();
    var response = client.send(sent);
    client.whole(request("error 529\nsay x"));

    var requests = client.get("/practice/requests").path("requests");

    assertThat(requests).hasSize(2);
    var first = requests.path(0);
    assertThat(first.path("id").asString())
        .isEqualTo(response.headers().firstValue("request-id").orElseThrow());
    assertThat(first.path("model").asString()).isEqualTo("claude-test");
    assertThat(first.path("endpoint").asString()).isEqualTo("messages");
    assertThat(first.path("conversation").asString()).isEqualTo("s-1/a-2");
    assertThat(first.path("purpose").asString()).isEqualTo("script");
    assertThat(first.path("output_tokens").asInt()).isEqualTo(1);
    assertThat(first.path("outcome").asString()).isEqualTo("completed");
    assertThat(first.path("headers").toString()).isEqualTo("{\"x-berth-request-id\":\"b-7\"}");
    assertThat(requests.path(1).path("outcome").asString()).isEqualTo("error");
    assertThat(requests.path(1).path("status").asInt()).isEqualTo(529);
  }

  @Test
  void aHeaderNamesTheSessionWhereTheBodyDoesNot() throws Exception {
    var body = BodyPublishers.ofString(request("say x").toString());
    client.send(
        client.to("/v1/messages").header("x-claude-code-session-id", "s-9").POST(body).build());
    client.whole(request("say x"));

    assertThat(model.requests().getFirst().conversation()).isEqualTo("s-9");
    assertThat(model.requests().getLast().conversation()).startsWith("anonymous-");
  }

  @Test
  void totalsAreKeptByModelAndReset() throws Exception {
    client.whole(request("say one two"));
    client.whole(request("say three").put("model", "claude-other"));
    client.post("/v1/messages/count_tokens", request("say four").toString());

    var usage = client.get("/practice/usage");
    var reset = client.send(client.to("/practice/requests").DELETE().build());

    assertThat(usage.path("all").path("completed").path("requests").asInt()).isEqualTo(2);
    assertThat(usage.path("all").path("completed").path("output_tokens").asInt()).isEqualTo(4);
    assertThat(usage.path("models").propertyNames())
        .containsExactlyInAnyOrder("claude-test", "claude-other");
    assertThat(reset.statusCode()).isEqualTo(204);
    assertThat(client.get("/practice/requests").path("requests")).isEmpty();
    assertThat(client.get("/practice/usage").path("models")).isEmpty();
  }

  @RepeatedTest(50)
  void whoHasReadAnAnswerFindsItsEntry() throws Exception {
    var stream = client.streamed(request("say x"));

    assertThat(stream.body()).contains("message_stop");
    assertThat(model.requests()).hasSize(1);
  }

  @Test
  void cachedPrefixesAreToldApart() throws Exception {
    var request = request("say x");
    request
        .putArray("system")
        .addObject()
        .put("type", "text")
        .put("text", "12345678")
        .putObject("cache_control")
        .put("type", "ephemeral");

    var first = client.whole(request).path("usage");
    var second = client.whole(request).path("usage");

    var written = first.path("cache_creation_input_tokens").asInt();
    assertThat(written).isPositive();
    assertThat(first.path("cache_creation").path("ephemeral_5m_input_tokens").asInt())
        .isEqualTo(written);
    assertThat(second.path("cache_creation_input_tokens").asInt()).isZero();
    assertThat(second.path("cache_read_input_tokens").asInt()).isEqualTo(written);
    assertThat(second.path("input_tokens")).isEqualTo(first.path("input_tokens"));
  }
}
