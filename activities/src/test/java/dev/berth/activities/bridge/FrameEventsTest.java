package dev.berth.activities.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.ClientToolOutcome;
import dev.berth.protocol.event.SessionEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class FrameEventsTest {
  private static final TurnId TURN = new TurnId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"type\": \"assistant\"} | agent.message",
        "{\"type\": \"user\"} | agent.user",
        "{\"type\": \"result\", \"subtype\": \"success\"} | agent.result",
        "{\"type\": \"system\", \"subtype\": \"init\"} | agent.init",
        "{\"type\": \"system\", \"subtype\": \"compact_boundary\"} | agent.notice",
        "{\"type\": \"system\"} | agent.notice",
        "{\"type\": \"tool_progress\"} | agent.notice",
        "{\"type\": 7} | agent.notice",
        "{} | agent.notice",
        "[] | agent.notice",
      })
  void everyMessageOfTheAgentBecomesAnEvent(String message, String type) {
    var event = FrameEvents.of(2, new BridgeFrame.SdkMessage(9, TURN, json(message)));

    assertThat(event.event().type()).isEqualTo(type);
    assertThat(json(String.valueOf(event.raw()))).isEqualTo(json(message));
  }

  @Test
  void aFrameHasOneEventIdInItsSandboxsLife() {
    var frame = new BridgeFrame.SdkMessage(9, TURN, json("{}"));

    assertThat(FrameEvents.of(2, frame).id()).isEqualTo("b/2/9");
    assertThat(FrameEvents.of(3, frame).id()).isEqualTo("b/3/9");
  }

  @Test
  void aTurnHasTheIdOfItsMessage() {
    var event = FrameEvents.of(2, new BridgeFrame.SdkMessage(9, TURN, json("{}")));

    assertThat(event.turnId()).isEqualTo(TURN);
    assertThat(event.messageId()).isEqualTo(new MessageId(TURN.value()));
  }

  @Test
  void whatComesOutsideOfATurnBelongsToNone() {
    var event = FrameEvents.of(2, new BridgeFrame.SdkMessage(9, null, json("{}")));

    assertThat(event.turnId()).isNull();
    assertThat(event.messageId()).isNull();
  }

  @Test
  void aCallOfAClientsToolIsToldWithItsInputAndItsEndWithItsOutcome() {
    var call =
        new BridgeFrame.ClientToolCall(4, TURN, "c", "s", "t", json("{\"a\": 1}"), "toolu_1");
    var closed = new BridgeFrame.ClientToolClosed(5, "c", ClientToolOutcome.TIMED_OUT);

    assertThat(FrameEvents.of(1, call).event())
        .isEqualTo(new SessionEvent.ClientToolCalled("c", "s", "t", json("{\"a\": 1}"), "toolu_1"));
    assertThat(FrameEvents.of(1, closed).event())
        .isEqualTo(new SessionEvent.ClientToolClosed("c", ClientToolOutcome.TIMED_OUT));
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
