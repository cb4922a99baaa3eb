package dev.berth.api.socket;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.AgentInit;
import dev.berth.protocol.event.SessionEvent.AgentMessage;
import dev.berth.protocol.event.SessionEvent.AgentNotice;
import dev.berth.protocol.event.SessionEvent.AgentResult;
import dev.berth.protocol.event.SessionEvent.AgentUser;
import dev.berth.protocol.event.SessionEvent.MessageAccepted;
import dev.berth.protocol.event.SessionEvent.MessageWithdrawn;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionEvent.TurnCompleted;
import dev.berth.protocol.event.SessionEvent.TurnFailed;
import dev.berth.protocol.event.SessionEvent.TurnInterrupted;
import dev.berth.protocol.event.SessionEvent.TurnStarted;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class EventProjectionTest {
  private static final SessionId SESSION = new SessionId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");
  private static final TokenUsage USAGE = new TokenUsage(2, 10, 20, 30, 40);

  /** Beyond these one published client does not decode a result at all (section 6.6). */
  private static final Set<String> SUBTYPES =
      Set.of(
          "success",
          "error_max_turns",
          "error_during_execution",
          "error_max_budget_usd",
          "error_max_structured_output_retries");

  private final EventProjection projection = new EventProjection(SESSION);

  @Test
  void messagesOfTheAgentAreSentAsTheyAreUnderTheSessionsId() {
    var raw =
        "{\"type\": \"assistant\", \"uuid\": \"u\", \"session_id\": \"the agent's\", \"x\": 1.10}";

    for (var event : new SessionEvent[] {new AgentInit(), new AgentMessage(), new AgentUser()}) {
      assertThat(projection.message(envelope(event, raw)))
          .isEqualTo(json(raw.replace("the agent's", SESSION.value())));
    }
  }

  @Test
  void theEventItselfIsNotChanged() {
    var event = envelope(new AgentMessage(), "{\"type\": \"assistant\"}");

    projection.message(event);

    assertThat(event.raw()).isEqualTo(json("{\"type\": \"assistant\"}"));
  }

  @Test
  void ofTheAgentsNoticesOnlyTheCompactBoundaryIsUnderstoodByAllClients() {
    var raw = "{\"type\": \"system\", \"subtype\": \"compact_boundary\"}";

    assertThat(projection.message(envelope(new AgentNotice("system", "compact_boundary"), raw)))
        .isNotNull();
    assertThat(projection.message(envelope(new AgentNotice("system", "status"), raw))).isNull();
    assertThat(projection.message(envelope(new AgentNotice("tool_progress", null), raw))).isNull();
  }

  @Test
  void whatIsNotTheAgentsWordIsNotSent() {
    assertThat(projection.message(envelope(new MessageAccepted(json("\"hi\"")), null))).isNull();
    assertThat(projection.message(envelope(new StatusChanged(SessionStatus.IDLE, null), null)))
        .isNull();
    assertThat(projection.message(envelope(new TurnStarted(1, 1), null))).isNull();
    assertThat(projection.message(envelope(new SessionEvent.Unrecognized("new.thing"), null)))
        .isNull();
  }

  @Test
  void theAgentsResultIsHeldBackBecauseTheTurnsEndBringsIt() {
    assertThat(projection.message(envelope(new AgentResult(), "{\"type\": \"result\"}"))).isNull();
  }

  @Test
  void theEndOfATurnIsTheAgentsResultWithTheLedgersCost() {
    var result =
        result(
            completed(StopReason.END_TURN),
            """
            {"type": "result", "subtype": "success", "uuid": "u", "is_error": false,
             "duration_ms": 900, "duration_api_ms": 800, "num_turns": 2, "result": "done",
             "structured_output": {"a": 1}, "total_cost_usd": 99.5,
             "usage": {"input_tokens": 5, "service_tier": "standard"}}
            """);

    assertThat(result)
        .hasToString(
            text(
                """
                {"type": "result", "subtype": "success", "uuid": "u", "is_error": false,
                 "duration_ms": 900, "duration_api_ms": 800, "num_turns": 2, "result": "done",
                 "structured_output": {"a": 1}, "total_cost_usd": 0.001234,
                 "usage": {"input_tokens": 5, "service_tier": "standard"},
                 "session_id": "8f14e45f-ceea-467f-9575-6f1d2c1b9d1a"}
                """));
  }

  @Test
  void aTurnThatNoAgentEndedHasAResultOfItsOwn() {
    var result =
        result(
            new TurnFailed(
                StopReason.RETRIES_EXHAUSTED,
                new Problem(ProblemType.RETRIES_EXHAUSTED, "It lost five sandboxes."),
                1_500,
                10,
                2_000_000,
                USAGE),
            null);

    assertThat(result.path("type").asString()).isEqualTo("result");
    assertThat(result.path("subtype").asString()).isEqualTo("error_during_execution");
    assertThat(result.path("is_error").asBoolean()).isTrue();
    assertThat(result.path("duration_ms").asLong()).isEqualTo(1_500);
    assertThat(result.path("num_turns").asLong()).isZero();
    assertThat(result.path("errors")).isEqualTo(json("[\"It lost five sandboxes.\"]"));
    assertThat(result.path("total_cost_usd").decimalValue()).isEqualByComparingTo("2");
    assertThat(result.path("usage"))
        .hasToString(
            text(
                """
                {"input_tokens": 10, "output_tokens": 20, "cache_creation_input_tokens": 30,
                 "cache_read_input_tokens": 40}
                """));
    assertThat(result.path("session_id").asString()).isEqualTo(SESSION.value());
  }

  @Test
  void aResultHasTheSameIdForEveryReaderOfTheEvent() {
    var failed = new TurnInterrupted(1, 2, 3, USAGE);

    assertThat(result(failed, null).path("uuid").asString())
        .isNotEmpty()
        .isEqualTo(result(failed, null).path("uuid").asString());
  }

  @Test
  void anInterruptedTurnIsAnErrorThatSaysSo() {
    var result = result(new TurnInterrupted(1, 2, 3, USAGE), null);

    assertThat(result.path("subtype").asString()).isEqualTo("error_during_execution");
    assertThat(result.path("is_error").asBoolean()).isTrue();
    assertThat(result.path("errors")).isEqualTo(json("[\"The turn was interrupted.\"]"));
  }

  @Test
  void aWithdrawnMessageHasAResultToo() {
    var result = result(new MessageWithdrawn(1_500_000), null);

    assertThat(result.path("subtype").asString()).isEqualTo("error_during_execution");
    assertThat(result.path("is_error").asBoolean()).isTrue();
    assertThat(result.path("errors")).isEqualTo(json("[\"The message was withdrawn.\"]"));
    assertThat(result.path("total_cost_usd").decimalValue()).isEqualByComparingTo("1.5");
  }

  @ParameterizedTest
  @EnumSource(StopReason.class)
  void everyStopReasonBecomesASubtypeThatClientsKnow(StopReason reason) {
    var result = result(completed(reason), null);

    assertThat(SUBTYPES).contains(result.path("subtype").asString());
    assertThat(result.path("is_error").asBoolean())
        .isEqualTo(!result.path("subtype").asString().equals("success"));
    assertThat(result.path("errors").isArray()).isEqualTo(result.path("is_error").asBoolean());
  }

  @Test
  void boundsHaveSubtypesOfTheirOwn() {
    assertThat(result(completed(StopReason.MAX_TURNS), null).path("subtype").asString())
        .isEqualTo("error_max_turns");
    assertThat(result(completed(StopReason.BUDGET_EXHAUSTED), null).path("subtype").asString())
        .isEqualTo("error_max_budget_usd");
    assertThat(
            result(completed(StopReason.STRUCTURED_OUTPUT_RETRIES), null)
                .path("subtype")
                .asString())
        .isEqualTo("error_max_structured_output_retries");
    assertThat(result(completed(StopReason.REFUSAL), null).path("subtype").asString())
        .isEqualTo("success");
  }

  @Test
  void timesAndCountsAreIntegersThoughTheAgentMeasuredFractions() {
    var result =
        result(
            completed(StopReason.END_TURN),
            "{\"duration_ms\": 900.7, \"duration_api_ms\": 1e3, \"num_turns\": 2.0}");

    assertThat(result.path("duration_ms").isIntegralNumber()).isTrue();
    assertThat(result.path("duration_api_ms").isIntegralNumber()).isTrue();
    assertThat(result.path("num_turns").isIntegralNumber()).isTrue();
    assertThat(result.path("duration_api_ms").asLong()).isEqualTo(1000);
    assertThat(result.path("num_turns").asLong()).isEqualTo(2);
  }

  @Test
  void aCostHasTheDigitsOfAMicrodollar() {
    var result =
        requireNonNull(
            projection.message(
                envelope(new TurnCompleted(StopReason.END_TURN, 1, 1, 1, USAGE, null), null)));

    assertThat(result.path("total_cost_usd").decimalValue())
        .isEqualByComparingTo(new BigDecimal("0.000001"));
  }

  @Test
  void deltasCarryTheSessionsIdToo() {
    assertThat(projection.delta(json("{\"type\": \"stream_event\", \"session_id\": \"x\"}")))
        .isEqualTo(json("{\"type\": \"stream_event\", \"session_id\": \"%s\"}".formatted(SESSION)));
  }

  private ObjectNode result(SessionEvent end, @Nullable String raw) {
    return requireNonNull(projection.message(envelope(end, raw)));
  }

  private static TurnCompleted completed(StopReason reason) {
    return new TurnCompleted(reason, 1_000, 34, 1_234, USAGE, null);
  }

  private static EventEnvelope envelope(SessionEvent event, @Nullable String raw) {
    return new EventEnvelope(
        7,
        "id",
        event.type(),
        null,
        null,
        1,
        Instant.parse("2026-03-01T12:00:00Z"),
        event.payload(),
        raw == null ? null : json(raw));
  }

  private static String text(String json) {
    return json(json).toString();
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
