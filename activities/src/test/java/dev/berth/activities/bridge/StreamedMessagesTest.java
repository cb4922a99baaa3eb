package dev.berth.activities.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StreamedMessagesTest {
  private final StreamedMessages streamed = new StreamedMessages();

  @Test
  void aMessageThatBeginsBeforeTheOneBeforeHasStoppedMakesThatVoid() {
    assertThat(start("msg_1", null)).isNull();
    assertThat(start("msg_2", null)).isEqualTo("msg_1");
    assertThat(stop(null)).isNull();
    assertThat(start("msg_3", null)).isNull();
  }

  @Test
  void aSubagentWritesBesideItsParent() {
    assertThat(start("msg_1", null)).isNull();
    assertThat(start("msg_2", "toolu_1")).isNull();
    assertThat(start("msg_3", "toolu_2")).isNull();
    assertThat(start("msg_4", "toolu_1")).isEqualTo("msg_2");
  }

  @Test
  void aRepeatedStartIsTheSameMessage() {
    assertThat(start("msg_1", null)).isNull();
    assertThat(start("msg_1", null)).isNull();
  }

  private @Nullable String start(String id, @Nullable String parent) {
    return observe(
        "{\"type\":\"message_start\",\"message\":{\"id\":\"%s\"}}".formatted(id), parent);
  }

  private @Nullable String stop(@Nullable String parent) {
    return observe("{\"type\":\"message_stop\"}", parent);
  }

  private @Nullable String observe(String event, @Nullable String parent) {
    var parentId = parent == null ? "null" : '"' + parent + '"';
    return streamed.observe(
        ProtocolJson.mapper()
            .readTree(
                "{\"type\":\"stream_event\",\"parent_tool_use_id\":%s,\"event\":%s}"
                    .formatted(parentId, event)));
  }
}
