package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static dev.berth.tests.e2e.TestSocket.frame;
import static dev.berth.tests.e2e.TestSocket.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What clients use of a session beyond text: tools of their own, partial messages, media, schemas.
 */
@Tag("e2e")
@Timeout(300)
class ClientFeaturesIT {
  private static final String PIXEL =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.start("features", Map.of("session.client-tool-timeout", "6s"));
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void aClientsToolIsCalledByItsBareNameAndItsAnswerReachesTheAgent() {
    try (var socket = platform.socket("tina").init(withTool("client"))) {
      socket.user("tool mcp__desk__weather {\"city\": \"Kiel\"}\nsay it is {{result}}");
      var call = call(socket);

      assertThat(call.path("toolName").asString("")).isEqualTo("weather");
      assertThat(call.at("/input/city").asString("")).isEqualTo("Kiel");
      answer(socket, call, "sunny", false);
      assertThat(socket.result().path("result").asString("")).isEqualTo("it is sunny");
    }
  }

  @Test
  void anErrorOfAClientsToolIsAnErrorForTheAgent() {
    try (var socket = platform.socket("tina").init(withTool("browser"))) {
      socket.user("tool mcp__desk__weather {\"city\": \"Kiel\"}\nsay done");
      answer(socket, call(socket), "no thermometer", true);
      socket.result();

      assertThat(toolResults(socket)).anyMatch(block -> block.path("is_error").asBoolean(false));
    }
  }

  @Test
  void parallelCallsAreAnsweredInAnyOrder() {
    try (var socket = platform.socket("tina").init(withTool("client"))) {
      socket.user(
          """
          parallel:
            tool mcp__desk__weather {"city": "Kiel"}
            tool mcp__desk__weather {"city": "Rome"}
          say both
          """);
      var first = call(socket);
      var second = call(socket);
      answer(socket, second, "second", false);
      answer(socket, first, "first", false);

      assertThat(socket.result().path("result").asString("")).isEqualTo("both");
      assertThat(first.path("callId")).isNotEqualTo(second.path("callId"));
    }
  }

  @Test
  void aToolThatNobodyAnswersTimesOutForTheAgentAndALateAnswerIsIgnored() {
    try (var socket = platform.socket("tina").init(withTool("client"))) {
      socket.user("tool mcp__desk__weather {\"city\": \"Kiel\"}\nsay went on");
      var call = call(socket);

      assertThat(socket.result().path("result").asString("")).isEqualTo("went on");
      answer(socket, call, "too late", false);
      assertThat(socket.turn("say hello").path("result").asString("")).isEqualTo("hello");
    }
  }

  /** What an api node leaves that dies when it has stored an answer and has not told the host. */
  @Test
  void anAnswerThatItsHostWasNotToldOfReachesTheAgent() {
    var patient = TestPlatform.shared();
    try (var socket = patient.socket("tina").init(withTool("client"))) {
      socket.user("tool mcp__desk__weather {\"city\": \"Kiel\"}\nsay it is {{result}}");
      call(socket);
      patient
          .database()
          .execute(
              """
              update client_tool_calls set answered_at = now(),
                result = '{"content": [{"type": "text", "text": "clear"}], "isError": false}'
                where session_id = ?::uuid\
              """,
              socket.session());

      assertThat(socket.result().path("result").asString("")).isEqualTo("it is clear");
    }
  }

  @Test
  void anOpenCallIsDeliveredAgainToTheClientThatComesBack() {
    // Who comes back has as long as that takes.
    var patient = TestPlatform.shared();
    var first = patient.socket("tina").init(withTool("client"));
    first.user("tool mcp__desk__weather {\"city\": \"Kiel\"}\nsay it is {{result}}");
    var call = call(first);
    first.vanish();

    try (var second =
        patient
            .socket("tina")
            .init(withTool("client").put("sessionId", first.session()).put("after_seq", 0))) {
      var again = call(second);
      assertThat(again.path("callId")).isEqualTo(call.path("callId"));
      answer(second, again, "foggy", false);
      assertThat(second.result().path("result").asString("")).isEqualTo("it is foggy");
    }
  }

  @Test
  void aToolThatNobodyExecutesIsNotShownToTheAgent() {
    try (var socket = platform.socket("tina").init(withTool("server"))) {
      socket.turn("say hello");

      assertThat(init(socket).path("tools").toString()).doesNotContain("mcp__desk__weather");
    }
  }

  @Test
  void partialMessagesComeBeforeTheirMessageAndOnlyWhenAskedFor() {
    try (var socket =
        platform.socket("paul").init(allowAll().put("includePartialMessages", true))) {
      socket.turn("wait 1 s\nslow 30 ms per token\nsay word by word by word");

      var types = socket.types();
      assertThat(types).contains("stream_event");
      assertThat(types.indexOf("stream_event")).isLessThan(types.indexOf("assistant"));
      assertThat(text(socket)).isEqualTo("word by word by word");
    }
    try (var socket = platform.socket("paul").init(allowAll())) {
      socket.turn("say nothing partial");

      assertThat(socket.types()).doesNotContain("stream_event");
    }
  }

  @Test
  void anAnswerInASchemaComesAsStructuredOutput() {
    var format = json().put("type", "json_schema");
    format
        .putObject("schema")
        .put("type", "object")
        .putObject("properties")
        .putObject("n")
        .put("type", "integer");
    var options = allowAll();
    options.set("outputFormat", format);
    try (var socket = platform.socket("sam").init(options)) {
      var result = socket.turn("json {\"n\": 7}");

      assertThat(result.at("/structured_output/n").asInt()).isEqualTo(7);
    }
  }

  @Test
  void imagesAndDocumentsReachTheAgent() {
    try (var socket = platform.socket("mia").init(allowAll())) {
      var message = json().put("type", "user");
      var content = message.putObject("message").put("role", "user").putArray("content");
      content
          .addObject()
          .put("type", "image")
          .putObject("source")
          .put("type", "base64")
          .put("media_type", "image/png")
          .put("data", PIXEL);
      content
          .addObject()
          .put("type", "document")
          .putObject("source")
          .put("type", "text")
          .put("media_type", "text/plain")
          .put("data", "a document");
      content.addObject().put("type", "text").put("text", "say seen");
      socket.send(message);

      assertThat(socket.result().path("result").asString("")).isEqualTo("seen");
      var logged =
          platform
              .database()
              .fetchSingle(
                  """
                  select payload::text as payload from events
                  where session_id = ?::uuid and type = 'message.accepted'
                  """,
                  socket.session())
              .get("payload", String.class);
      assertThat(logged).contains("image/png").doesNotContain(PIXEL);
    }
  }

  @Test
  void maxTurnsEndsTheTurnWithItsOwnSubtype() {
    try (var socket = platform.socket("max").init(allowAll().put("maxTurns", 2))) {
      var result = socket.turn("bash echo 1\nbash echo 2\nbash echo 3\nbash echo 4\nsay end");

      assertThat(result.path("subtype").asString("")).isEqualTo("error_max_turns");
      assertThat(result.path("is_error").asBoolean()).isTrue();
    }
  }

  @Test
  void theOlderDialectGetsItsMessagesWrapped() {
    try (var socket = platform.socket("pia").init(allowAll())) {
      socket.send(frame("prompt", json().put("message", "say wrapped").set("options", json())));

      var result = socket.await(frame -> frame.at("/payload/type").asString("").equals("result"));
      assertThat(result.path("type").asString("")).isEqualTo("sdk_message");
      assertThat(result.at("/payload/result").asString("")).isEqualTo("wrapped");
      assertThat(socket.types()).containsOnly("control", "sdk_message");
    }
  }

  @Test
  void withoutPermissionAToolIsDeniedAndTheTurnEnds() {
    try (var socket = platform.socket("dora").init(json())) {
      socket.turn("bash touch forbidden\nsay went on");

      assertThat(toolResults(socket)).anyMatch(block -> block.path("is_error").asBoolean(false));
    }
  }

  @Test
  void theTokensRightsStandAboveTheClientsWishes() {
    var token =
        TestTokens.changed(
            platform.connection(),
            claims ->
                claims.claim(
                    "permissions", Map.of("maxTurns", 2, "model", "claude-haiku-4-5-20251001")));
    try (var socket =
        TestSocket.open(platform.connection().wsUrl() + "?token=" + token)
            .init(allowAll().put("maxTurns", 50).put("model", "opus"))) {
      var result = socket.turn("bash echo 1\nbash echo 2\nbash echo 3\nsay end");

      assertThat(result.path("subtype").asString("")).isEqualTo("error_max_turns");
      assertThat(init(socket).path("model").asString("")).isEqualTo("claude-haiku-4-5-20251001");
      var clamped =
          platform
              .database()
              .fetch(
                  """
                  select payload->>'option' as option from events
                  where session_id = ?::uuid and type = 'options.clamped'
                  """,
                  socket.session());
      assertThat(clamped.getValues("option")).map(String::valueOf).contains("maxTurns", "model");
    }
  }

  @Test
  void aReaderThatDoesNotReadDoesNotHoldTheTurnUp() throws InterruptedException {
    var slow = platform.socket("slow");
    slow.init(allowAll().put("includePartialMessages", true).put("after_seq", 0));
    slow.stopReading();
    slow.user("long 60000 tokens\nsay the end");

    Machine.eventually(
        "the turn ends",
        Duration.ofSeconds(150),
        () ->
            platform
                    .database()
                    .fetchSingle(
                        """
                        select count(*) as n from events
                        where session_id = ?::uuid and type = 'turn.completed'
                        """,
                        slow.session())
                    .get("n", int.class)
                == 1);
    slow.vanish();
    try (var again =
        platform
            .socket("slow")
            .init(allowAll().put("sessionId", slow.session()).put("after_seq", 0))) {
      assertThat(again.result().path("subtype").asString("")).isEqualTo("success");
    }
  }

  private static ObjectNode withTool(String executeIn) {
    var options = allowAll();
    var server = options.putArray("mcpServers").addObject().put("name", "desk");
    var tool = server.putArray("tools").addObject();
    tool.put("name", "weather").put("description", "Tells the weather").put("executeIn", executeIn);
    tool.putObject("inputSchema")
        .put("type", "object")
        .putObject("properties")
        .putObject("city")
        .put("type", "string");
    return options;
  }

  private static JsonNode call(TestSocket socket) {
    return socket
        .await(frame -> frame.path("type").asString("").equals("tool_call"))
        .path("payload");
  }

  private static void answer(TestSocket socket, JsonNode call, String text, boolean isError) {
    var payload = json().put("callId", call.path("callId").asString(""));
    var result = payload.putObject("result").put("isError", isError);
    result.putArray("content").addObject().put("type", "text").put("text", text);
    socket.send(frame("tool_result", payload));
  }

  private static List<JsonNode> toolResults(TestSocket socket) {
    return socket.seen().stream()
        .filter(frame -> frame.path("type").asString("").equals("user"))
        .flatMap(frame -> frame.at("/message/content").valueStream())
        .filter(block -> block.path("type").asString("").equals("tool_result"))
        .toList();
  }

  private static JsonNode init(TestSocket socket) {
    return socket.seen().stream()
        .filter(frame -> frame.path("type").asString("").equals("system"))
        .findFirst()
        .orElseThrow();
  }

  private static String text(TestSocket socket) {
    var text = new StringBuilder();
    for (var frame : socket.seen()) {
      text.append(frame.at("/event/delta/text").asString(""));
    }
    return text.toString();
  }
}
