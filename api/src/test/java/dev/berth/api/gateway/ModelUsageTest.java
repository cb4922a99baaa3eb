package dev.berth.api.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import org.junit.jupiter.api.Test;

class ModelUsageTest {
  private static final ModelUsage NOTHING = ModelUsage.of("asked");

  @Test
  void tellsTheClassesOfTokensApart() {
    var usage =
        NOTHING.updated(
            ProtocolJson.mapper()
                .readTree(
                    """
                    {"model": "claude-opus-4-5", "usage": {
                      "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 4,
                      "cache_creation_input_tokens": 24,
                      "cache_creation": {
                        "ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 16}}}
                    """));

    assertThat(usage).isEqualTo(new ModelUsage("claude-opus-4-5", 1, 2, 8, 16, 4));
  }

  @Test
  void cacheWritesOfNoStatedLifeAreOfFiveMinutes() {
    assertThat(updated(NOTHING, "{\"cache_creation_input_tokens\": 24}"))
        .isEqualTo(new ModelUsage("asked", 0, 0, 24, 0, 0));
  }

  @Test
  void laterFiguresReplaceEarlierOnesAndMissingOnesKeepThem() {
    var begun = new ModelUsage("m", 10, 1, 8, 16, 4);

    assertThat(updated(begun, "{\"output_tokens\": 50}"))
        .isEqualTo(new ModelUsage("m", 10, 50, 8, 16, 4));
  }

  @Test
  void nullFiguresSayNothing() {
    var begun = new ModelUsage("m", 10, 1, 8, 16, 4);

    assertThat(
            updated(
                begun,
                """
                {"input_tokens": null, "output_tokens": null, "cache_read_input_tokens": null,
                 "cache_creation_input_tokens": null, "cache_creation": null}
                """))
        .isEqualTo(begun);
  }

  @Test
  void keepsTheModelThatWasAskedWhereTheAnswerNamesNone() {
    assertThat(updated(NOTHING, "{\"input_tokens\": 1}").model()).isEqualTo("asked");
  }

  @Test
  void anAnswerWithoutUsageUsedNothing() {
    var usage = NOTHING.updated(ProtocolJson.mapper().readTree("{\"type\": \"error\"}"));

    assertThat(usage).isEqualTo(NOTHING);
    assertThat(usage.isEmpty()).isTrue();
  }

  private static ModelUsage updated(ModelUsage before, String usage) {
    return before.updated(ProtocolJson.mapper().readTree("{\"usage\": " + usage + "}"));
  }
}
