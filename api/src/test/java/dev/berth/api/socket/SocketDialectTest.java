package dev.berth.api.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class SocketDialectTest {
  @Test
  void flatClientsGetMessagesAsTheyAreHoweverLarge() {
    var message = message("x".repeat(2_000_000));

    assertThat(SocketDialect.FLAT.frame(message)).isSameAs(message);
  }

  @Test
  void wrappedClientsGetThemInsideAFrame() {
    var message = message("hello");

    var frame = SocketDialect.WRAPPED.frame(message);

    assertThat(frame.path("type").asString()).isEqualTo("sdk_message");
    assertThat(frame.path("payload")).isEqualTo(message);
  }

  @Test
  void wrappedClientsCloseAtOneMebibyteSoLongTextsAreCut() {
    var message = message("é".repeat(400_000));
    var before = message.deepCopy();

    var frame = SocketDialect.WRAPPED.frame(message);

    var text = frame.path("payload").path("message").path("content").get(0).path("text").asString();
    assertThat(text).startsWith("é".repeat(60_000)).endsWith("… [340000 more characters]");
    assertThat(message).as("what other clients get").isEqualTo(before);
  }

  @Test
  void textsThatStandInArraysAreCutToo() {
    var message = ProtocolJson.mapper().createObjectNode();
    message.putArray("errors").add("x".repeat(400_000)).add("short");

    var errors = SocketDialect.WRAPPED.frame(message).path("payload").path("errors");

    assertThat(errors.get(0).asString()).hasSizeLessThan(60_100);
    assertThat(errors.get(1).asString()).isEqualTo("short");
  }

  @Test
  void aMessageThatFitsIsNotCutThoughOneOfItsTextsIsLong() {
    var message = message("x".repeat(100_000));

    assertThat(SocketDialect.WRAPPED.frame(message).path("payload")).isEqualTo(message);
  }

  private static ObjectNode message(String text) {
    var message = ProtocolJson.mapper().createObjectNode().put("type", "assistant");
    message
        .putObject("message")
        .putArray("content")
        .addObject()
        .put("type", "text")
        .put("text", text);
    return message;
  }
}
