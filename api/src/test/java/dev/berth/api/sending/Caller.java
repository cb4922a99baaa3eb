package dev.berth.api.sending;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ServedNode;
import dev.berth.api.TestProject;
import dev.berth.db.EventLog;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/** An end user with a token and an HTTP client. */
record Caller(ServedNode served, String token) {
  static Caller of(ServedNode served, TestProject project, String user) {
    return new Caller(served, project.token(user));
  }

  HttpResponse<String> send(String method, String path, String body, String... headers) {
    var request =
        HttpRequest.newBuilder(served.node().http("/v1/sessions" + path))
            .header("Authorization", "Bearer " + token)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return served.node().client().send(request.build(), BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new AssertionError(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    return send("POST", path, body, headers);
  }

  HttpResponse<String> delete(String path) {
    return send("DELETE", path, "");
  }

  /** A new session. */
  SessionId session() {
    var answer = post("", "");
    assertThat(answer.statusCode()).isEqualTo(201);
    return new SessionId(json(answer).path("id").asString());
  }

  HttpResponse<String> message(SessionId session, String body, String... headers) {
    return post("/" + session + "/messages", body, headers);
  }

  /** Sends a message and gives its id. */
  String accepted(SessionId session, String body) {
    var answer = message(session, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return json(answer).path("id").asString();
  }

  List<EventEnvelope> events(SessionId session) {
    return EventLog.read(served.node().db(), session, 0, 1000);
  }

  List<String> types(SessionId session) {
    return events(session).stream().map(EventEnvelope::type).toList();
  }

  static JsonNode json(HttpResponse<String> answer) {
    return ProtocolJson.mapper().readTree(answer.body());
  }

  /** Gives the detail. */
  static String assertProblem(HttpResponse<String> answer, int status, String code) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(json(answer).path("code").asString()).isEqualTo(code);
    return json(answer).path("detail").asString();
  }

  static void eventually(BooleanSupplier condition) {
    var deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in 20 s");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }
}
