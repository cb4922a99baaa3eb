package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Tool calls that wait for a person, with the real Agent SDK. */
@Tag("e2e")
@Timeout(240)
class ApprovalIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String ONE = "bash echo one >> effects\nsay Went on.";

  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void anAllowedCallRunsWhenItIsAllowedAndNotBefore() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    assertThat(session.status()).isEqualTo("requires_action");
    assertThat(session.types("tool.")).containsExactly("tool.proposed");
    session.decide(call, "allow");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed",
            "approval.requested",
            "approval.answered allow user",
            "tool.started",
            "tool.completed");
    assertThat(session.status()).isEqualTo("idle");
    assertThat(session.effects()).isEqualTo("one");
  }

  @Test
  void aDeniedCallNeverRunsAndTheModelHearsWhy() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.decide(call, "deny", "Not on a Friday.");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed", "approval.requested", "approval.answered deny user", "tool.denied");
    assertThat(session.resultOf(call)).contains("denied").contains("Not on a Friday.");
    assertThat(session.ends()).containsExactly("turn.completed");
  }

  @Test
  void aWithdrawnApprovalEndsTheCallAndAnotherDecisionIsRefused() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.decide(call, "withdraw");
    session.awaitEnds(1);

    assertThat(session.steps()).endsWith("approval.answered withdraw user", "tool.denied");
    var late = session.call("POST", "/approvals/" + call, "{\"decision\": \"allow\"}");
    assertThat(late.statusCode()).isEqualTo(409);
    assertThat(late.body()).contains("approval_conflict").contains("withdraw");
  }

  @Test
  void a5ACallWhoseSandboxIsKilledWhileItWaitsIsAskedForAgainUnderItsIdAndRunsOnce() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();
    docker("kill", "berth-" + session.id());

    session.awaitAskedAgain();
    session.decide(call, "allow");
    session.awaitEnds(1);

    assertThat(session.steps())
        .containsExactly(
            "tool.proposed",
            "approval.requested",
            "approval.answered allow user",
            "tool.started",
            "tool.completed");
    assertThat(session.types("")).contains("session.rescheduled");
    assertThat(session.ends()).containsExactly("turn.completed");
    assertThat(session.effects()).isEqualTo("one");
  }

  @Test
  void a5ACallThatIsDeniedAfterItsSandboxWasKilledNeverRan() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();
    docker("kill", "berth-" + session.id());

    session.awaitAskedAgain();
    session.decide(call, "deny");
    session.awaitEnds(1);

    assertThat(session.steps()).endsWith("approval.answered deny user", "tool.denied");
    assertThat(session.types("tool.")).containsExactly("tool.proposed", "tool.denied");
    assertThat(session.effects()).contains("No such file");
  }

  @Test
  void a6ThreeCallsOfOneTurnAllReachThePersonAndEachRunsOnce() {
    var session = Session.open(platform);
    session.send(
        """
        parallel:
          bash echo one >> effects
          bash echo two >> effects
          bash echo three >> effects
        say Went on.
        """);
    for (var number = 1; number <= 3; number++) {
      var calls = session.awaitAsked(number);
      session.decide(calls.get(number - 1), "allow");
    }
    session.awaitEnds(1);

    assertThat(session.asked()).hasSize(3).doesNotHaveDuplicates();
    assertThat(Collections.frequency(session.types("tool."), "tool.completed")).isEqualTo(3);
    assertThat(session.effects().lines()).containsExactlyInAnyOrder("one", "two", "three");
  }

  @Test
  void a7AMessageThatComesWhileACallWaitsRunsAfterIt() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();
    session.send("say Second.");

    assertThat(session.ends()).isEmpty();
    session.decide(call, "allow");
    session.awaitEnds(2);

    assertThat(session.ends()).containsExactly("turn.completed", "turn.completed");
    assertThat(session.types("turn.started")).hasSize(2);
  }

  @Test
  void a7AnInterruptWithdrawsTheCallThatWaits() {
    var session = Session.open(platform);
    session.send(ONE);
    var call = session.awaitAsked(1).getFirst();

    session.call("POST", "/interrupt", "");
    session.awaitEnds(1);

    assertThat(session.ends()).containsExactly("turn.interrupted");
    assertThat(session.steps()).contains("approval.answered withdraw turn_ended", "tool.denied");
    assertThat(session.call("POST", "/approvals/" + call, "{\"decision\": \"allow\"}").body())
        .contains("approval_ended");
  }

  @Test
  void aCallThatWaitsLongerThanItsSandboxRunsOnceInTheNextOne() {
    try (var impatient = TestPlatform.start("approvals", Map.of("session.idle", "2s"))) {
      var session = Session.open(impatient);
      session.send(ONE);
      var call = session.awaitAsked(1).getFirst();
      eventually("parked", PATIENCE, () -> session.reasons().contains("parked"));

      assertThat(session.status()).isEqualTo("requires_action");
      session.decide(call, "allow");
      session.awaitEnds(1);

      assertThat(session.steps())
          .containsExactly(
              "tool.proposed",
              "approval.requested",
              "approval.answered allow user",
              "tool.started",
              "tool.completed");
      assertThat(session.ends()).containsExactly("turn.completed");
      assertThat(session.effects()).isEqualTo("one");
    }
  }

  /** A session of one user, over HTTP. */
  private record Session(TestPlatform platform, String id) {
    static Session open(TestPlatform platform) {
      var answer = new Session(platform, "").call("POST", "", "{\"approvals\": \"ask\"}");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
      return new Session(platform, json(answer).path("id").asString());
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

    /** Why sandboxes ended. */
    List<String> reasons() {
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
}
