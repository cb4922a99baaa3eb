package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A session that asks its user about tool calls, over HTTP. */
record AskingSession(TestPlatform platform, String id) {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  static AskingSession open(TestPlatform platform) {
    var answer = new AskingSession(platform, "").call("POST", "", "{\"approvals\": \"ask\"}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return new AskingSession(platform, json(answer).path("id").asString());
  }

  void send(String text) {
    var body = ProtocolJson.mapper().createObjectNode().put("content", text).toString();
    assertThat(call("POST", "/messages", body).statusCode()).isEqualTo(202);
  }

  void decide(String call, String decision) {
    decide(call, decision, "");
  }

  void decide(String call, String decision, String reason) {
    var body = ProtocolJson.mapper().createObjectNode().put("decision", decision);
    if (!reason.isEmpty()) {
      body.put("reason", reason);
    }
    var answer = call("POST", "/approvals/" + call, body.toString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  /** The ids of all calls that were asked for, once there are so many. */
  List<String> awaitAsked(int number) {
    eventually(number + " asked", PATIENCE, () -> asked().size() >= number);
    return asked();
  }

  /** Another sandbox waits for the same person. */
  void awaitAskedAgain() {
    eventually(
        "asked again",
        PATIENCE,
        () -> types("session.rescheduled").size() == 1 && status().equals("requires_action"));
  }

  void awaitEnds(int number) {
    eventually(number + " ends", PATIENCE, () -> ends().size() >= number);
  }

  List<String> asked() {
    return events().stream()
        .filter(event -> event.path("type").asString("").equals("approval.requested"))
        .map(event -> event.at("/payload/tool_use_id").asString(""))
        .toList();
  }

  /** What became of calls, in order. */
  List<String> steps() {
    return events().stream()
        .filter(event -> event.path("id").asString("").startsWith("tool/"))
        .filter(event -> !event.path("type").asString("").equals("session.status"))
        .map(event ->
            "%s %s %s"
                .formatted(
                    event.path("type").asString(""),
                    event.at("/payload/decision").asString(""),
                    event.at("/payload/by").asString(""))
                .strip())
        .toList();
  }

  List<String> types(String prefix) {
    return events().stream()
        .map(event -> event.path("type").asString(""))
        .filter(type -> type.startsWith(prefix))
        .toList();
  }

  /** The turn goes on without a sandbox. */
  void awaitParked() {
    eventually("parked", PATIENCE, () -> reasons().contains("parked"));
  }

  /** Why sandboxes ended. */
  private List<String> reasons() {
    return events().stream()
        .filter(event -> event.path("type").asString("").equals("sandbox.ended"))
        .map(event -> event.at("/payload/reason").asString(""))
        .toList();
  }

  List<String> ends() {
    return events().stream()
        .filter(event -> event.path("id").asString("").endsWith("/end"))
        .map(event -> event.path("type").asString(""))
        .toList();
  }

  String status() {
    return json(call("GET", "", "")).path("status").asString("");
  }

  /** What a tool gave, as the agent was told. */
  String resultOf(String call) {
    return events().stream()
        .flatMap(event -> event.at("/raw/message/content").valueStream())
        .filter(block -> block.path("tool_use_id").asString("").equals(call))
        .map(block -> block.path("content").toString())
        .toList()
        .getLast();
  }

  /** The file that the calls append to, read by the agent itself, which needs no approval. */
  String effects() {
    var before = ends().size();
    send("bash cat effects\nsay Read.");
    awaitEnds(before + 1);
    return events().stream()
        .flatMap(event -> event.at("/raw/message/content").valueStream())
        .filter(block -> block.path("type").asString("").equals("tool_result"))
        .map(block -> block.path("content").asString(block.path("content").toString()))
        .toList()
        .getLast()
        .strip();
  }

  List<JsonNode> events() {
    return json(call("GET", "/events?limit=1000", "")).path("events").valueStream().toList();
  }

  HttpResponse<String> call(String method, String path, String body) {
    var base = platform.connection().apiUrl() + "/v1/sessions" + (id.isEmpty() ? "" : "/" + id);
    var request =
        HttpRequest.newBuilder(URI.create(base + path))
            .header("Authorization", "Bearer " + platform.token("petra"))
            .method(method, BodyPublishers.ofString(body))
            .build();
    try {
      return HTTP.send(request, BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new AssertionError(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  private static JsonNode json(HttpResponse<String> answer) {
    return ProtocolJson.mapper().readTree(answer.body());
  }
}
