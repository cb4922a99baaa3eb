package dev.berth.practicemodel.http;

import dev.berth.practicemodel.readback.AnsweredRequest;
import dev.berth.practicemodel.readback.RequestLog;
import dev.berth.practicemodel.readback.UsageTotals;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What was answered, as JSON. */
final class ReadbackJson {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private ReadbackJson() {}

  static JsonNode requests(RequestLog log) {
    var body = JSON.objectNode();
    var requests = body.putArray("requests");
    log.requests().forEach(request -> requests.add(request(request)));
    return body;
  }

  static JsonNode totals(RequestLog log) {
    var body = JSON.objectNode();
    body.set("all", totals(log.total()));
    var models = body.putObject("models");
    log.totalsByModel().forEach((model, totals) -> models.set(model, totals(totals)));
    return body;
  }

  private static JsonNode request(AnsweredRequest request) {
    var json = JSON.objectNode();
    json.put("id", request.id()).put("at", request.at().toString()).put("model", request.model());
    json.put("endpoint", request.endpoint()).put("conversation", request.conversation());
    json.put("purpose", request.purpose());
    json.put("input_tokens", request.usage().input());
    json.put("cache_creation_input_tokens", request.usage().cacheWrite());
    json.put("cache_read_input_tokens", request.usage().cacheRead());
    json.put("output_tokens", request.usage().output());
    switch (request.outcome()) {
      case AnsweredRequest.Completed() -> json.put("outcome", "completed");
      case AnsweredRequest.Cut(var byScript, var events) ->
          json.put("outcome", "cut")
              .put("cut_by", byScript ? "script" : "client")
              .put("events", events);
      case AnsweredRequest.Failed(var status) -> json.put("outcome", "error").put("status", status);
    }
    var headers = json.putObject("headers");
    request.headers().forEach(headers::put);
    return json;
  }

  private static JsonNode totals(UsageTotals totals) {
    var json = JSON.objectNode();
    json.set("completed", sum(totals.completed()));
    json.set("cut", sum(totals.cut()));
    json.putObject("errors").put("requests", totals.failed());
    return json;
  }

  private static ObjectNode sum(UsageTotals.Sum sum) {
    return JSON.objectNode()
        .put("requests", sum.requests())
        .put("input_tokens", sum.input())
        .put("cache_creation_input_tokens", sum.cacheWrite())
        .put("cache_read_input_tokens", sum.cacheRead())
        .put("output_tokens", sum.output());
  }
}
