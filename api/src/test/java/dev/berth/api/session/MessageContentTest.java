package dev.berth.api.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class MessageContentTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"hello\"",
        "[{\"type\": \"text\", \"text\": \"hello\"}]",
        "[{\"type\": \"text\", \"text\": \"\"}, {\"type\": \"image\", \"source\": {}}]",
        "[{\"type\": \"document\"}, {\"type\": \"tool_use\"}, {\"type\": \"tool_result\"}]"
      })
  void takesTextAndTheBlocksThatClientsSendAsTheyAre(String content) {
    assertThat(MessageContent.checked(json(content))).isEqualTo(json(content));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "null | content is nothing",
        "\"  \" | content is an empty text",
        "\"\" | content is an empty text",
        "[] | content is ARRAY",
        "{\"type\": \"text\"} | content is OBJECT",
        "7 | content is NUMBER",
        "[\"hello\"] | content is a block of type ''",
        "[null] | content is a block of type ''",
        "[{\"type\": \"video\"}] | content is a block of type 'video'",
        "[{\"type\": \"text\"}] | content is a text block without text",
        "[{\"type\": \"text\", \"text\": 7}] | content is a text block without text",
      })
  void refusesWhatIsNoMessageAndSaysWhatItFound(String content, String told) {
    assertThatThrownBy(() -> MessageContent.checked(json(content)))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST))
        .hasMessageStartingWith("Invalid message: ")
        .hasMessageContaining(told);
  }

  @Test
  void refusesAMessageWithoutContent() {
    assertThatThrownBy(() -> MessageContent.checked(null)).hasMessageContaining("is nothing");
  }

  @Test
  void theLogHasMediaByKindAndSize() {
    var logged =
        MessageContent.logged(
            json(
                """
                [{"type": "text", "text": "look"},
                 {"type": "image",
                  "source": {"type": "base64", "media_type": "image/png", "data": "AAAABBBB"}}]
                """));

    assertThat(logged)
        .hasToString(
            json("""
            [{"type": "text", "text": "look"},
             {"type": "image", "source": {"media_type": "image/png", "bytes": 6}}]
            """)
                .toString());
  }

  @Test
  void theLogHasLongTextByItsBeginning() {
    var longText = "x".repeat(64 * 1024 + 1);
    var block = ProtocolJson.mapper().createArrayNode();
    block.addObject().put("type", "text").put("text", longText);

    assertThat(MessageContent.logged(ProtocolJson.mapper().valueToTree(longText)).asString())
        .isEqualTo("x".repeat(64 * 1024) + "…");
    assertThat(MessageContent.logged(block).get(0).path("text").asString())
        .hasSize(64 * 1024 + 1)
        .endsWith("…");
  }

  @Test
  void loggingLeavesTheMessageAsItIs() {
    var content = json("[{\"type\": \"image\", \"source\": {\"data\": \"AAAA\"}}]");
    var before = content.deepCopy();

    var logged = MessageContent.logged(content);

    assertThat(logged).isNotEqualTo(before);
    assertThat(content).isEqualTo(before);
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
