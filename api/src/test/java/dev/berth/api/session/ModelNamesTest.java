package dev.berth.api.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelNamesTest {
  @ParameterizedTest
  @CsvSource({
    "opus, claude-opus-4-5-20251101",
    "sonnet, claude-sonnet-4-5-20250929",
    "haiku, claude-haiku-4-5-20251001",
    "claude-opus-4-5-20250929, claude-opus-4-5-20251101",
    "claude-haiku-3-5-20250929, claude-3-5-haiku-20241022",
    "claude-sonnet-4-20250514, claude-sonnet-4-20250514",
    "openrouter/some-model, openrouter/some-model",
  })
  void anAliasMeansTodaysModelAndAnIdMeansItself(String asked, String meant) {
    assertThat(ModelNames.resolve(asked)).isEqualTo(meant);
  }
}
