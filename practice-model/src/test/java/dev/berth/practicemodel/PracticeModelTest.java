package dev.berth.practicemodel;

import static dev.berth.practicemodel.MessagesClient.events;
import static dev.berth.practicemodel.MessagesClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class PracticeModelTest {
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
  void streamsTheEventsOfTheApiInTheirOrder() throws Exception {
    var response = client.streamed(request("say ahoy\nbash ls"));

    assertThat(response.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
    assertThat(response.headers().firstValue("request-id")).isPresent();
    assertThat(response.body())
        .startsWith("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{")
        .endsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    assertThat(events(response.body()))
        .extracting(event -> event.path("type").asString())
        .containsExactly(
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop");
  }

  @Test
  void streamedAndWholeMessagesSayTheSame() throws Exception {
    var request =
        request("think where?\nsay " + "Schiffe 🚢 im Hafen ".repeat(20) + "\nbash ls -la");
    request.putObject("thinking").put("type", "adaptive");

    var whole = client.whole(request);
    var streamed = events(client.streamed(request).body());

    var start = streamed.getFirst().path("message");
    var end = streamed.get(streamed.size() - 2);
    assertThat(start.path("id")).isEqualTo(whole.path("id"));
    assertThat(start.path("model").asString()).isEqualTo("claude-test");
    assertThat(end.path("delta").path("stop_reason")).isEqualTo(whole.path("stop_reason"));
    assertThat(end.path("usage")).isEqualTo(whole.path("usage"));
    assertThat(start.path("usage").path("input_tokens"))
        .isEqualTo(whole.path("usage").path("input_tokens"));
    assertThat(joined(streamed, "thinking")).isEqualTo(text(whole, 0, "thinking"));
    assertThat(joined(streamed, "signature")).isEqualTo(text(whole, 0, "signature"));
    assertThat(joined(streamed, "text")).isEqualTo(text(whole, 1, "text"));
    assertThat(joined(streamed, "partial_json"))
        .isEqualTo(whole.path("content").path(2).path("input").toString());
  }

  @Test
  void countTokensSaysWhatTheUsageSays() throws Exception {
    var request = request("say one two three four five");

    var counted = client.post("/v1/messages/count_tokens", request.toString()).body();
    var usage = client.whole(request).path("usage");

    assertThat(MessagesClient.JSON.readTree(counted).path("input_tokens"))
        .isEqualTo(usage.path("input_tokens"));
    assertThat(usage.path("output_tokens").asInt()).isEqualTo(6);
  }

  @ParameterizedTest
  @CsvSource({
    "400, invalid_request_error",
    "401, authentication_error",
    "403, permission_error",
    "404, not_found_error",
    "413, request_too_large",
    "429, rate_limit_error",
    "500, api_error",
    "529, overloaded_error"
  })
  void scriptedErrorsHaveTheShapeOfTheApi(int status, String type) throws Exception {
    var response = client.streamed(request("error " + status + "\nsay never mind"));
    var again = client.whole(request("error " + status + "\nsay never mind"));

    assertThat(response.statusCode()).isEqualTo(status);
    var error = MessagesClient.JSON.readTree(response.body());
    assertThat(error.path("type").asString()).isEqualTo("error");
    assertThat(error.path("error").path("type").asString()).isEqualTo(type);
    assertThat(error.path("error").path("message").asString()).isNotEmpty();
    assertThat(response.headers().firstValue("request-id"))
        .contains(error.path("request_id").asString());
    assertThat(text(again, 0, "text")).isEqualTo("never mind");
  }

  @Test
  void aKeyIsNeededAndSomeAreRefused() throws Exception {
    var body = BodyPublishers.ofString(request("say x").toString());
    var path = model.baseUrl().resolve("/v1/messages");
    var bare = HttpRequest.newBuilder(path).POST(body).build();
    var bearer = HttpRequest.newBuilder(path).header("authorization", "Bearer k").POST(body);
    var refused = HttpRequest.newBuilder(path).header("x-api-key", "practice-invalid-7").POST(body);

    assertThat(client.send(bare).statusCode()).isEqualTo(401);
    assertThat(client.send(bearer.build()).statusCode()).isEqualTo(200);
    assertThat(client.send(refused.build()).statusCode()).isEqualTo(401);
  }

  @ParameterizedTest
  @CsvSource({"{", "'[]'", "'{\"model\": \"m\"}'", "'{\"messages\": []}'", "''"})
  void whatIsNoRequestIsRefused(String body) throws Exception {
    var response = client.post("/v1/messages", body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("invalid_request_error");
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() throws Exception {
    var response = client.post("/v1/messages", " ".repeat(33 * 1024 * 1024));

    assertThat(response.statusCode()).isEqualTo(413);
  }

  @Test
  void aLargeBodyIsRead() throws Exception {
    var response = client.whole(request("say x\n" + "prose ".repeat(5_000_000)));

    assertThat(text(response, 0, "text")).isEqualTo("x");
  }

  @Test
  void modelsAreListedAndOthersAreNotFound() throws Exception {
    assertThat(client.get("/v1/models").path("data")).isNotEmpty();
    assertThat(client.get("/v1/models/claude-x").path("id").asString()).isEqualTo("claude-x");
    assertThat(client.get("/v1/files").path("error").path("type").asString())
        .isEqualTo("not_found_error");
    var hello = client.to("/api/hello").HEAD().build();
    assertThat(client.send(hello).statusCode()).isEqualTo(200);
  }

  @Test
  void manyTalkAtOnce() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls =
          IntStream.range(0, 200)
              .<Callable<String>>mapToObj(
                  i -> () -> text(client.whole(request("wait 200 ms\nsay " + i)), 0, "text"))
              .toList();

      var answers = threads.invokeAll(calls);

      for (var i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isEqualTo("" + i);
      }
    }
  }

  @Test
  void closingEndsAnswersThatAreUnderWay() throws Exception {
    var lines = client.lines(request("wait 600 s\nsay late")).body().iterator();
    assertThat(lines.next()).isEqualTo("event: message_start");

    model.close();

    assertThat(model.requests()).isNotNull();
  }

  @Test
  void aPortThatIsTakenIsNamed() {
    assertThatIllegalStateException()
        .isThrownBy(() -> PracticeModel.start("127.0.0.1", model.baseUrl().getPort()))
        .withMessageContaining("port " + model.baseUrl().getPort());
  }

  private static String text(JsonNode message, int block, String field) {
    return message.path("content").path(block).path(field).asString("");
  }

  private static String joined(List<JsonNode> events, String field) {
    return events.stream()
        .map(event -> event.path("delta").path(field).asString(""))
        .collect(Collectors.joining());
  }
}
