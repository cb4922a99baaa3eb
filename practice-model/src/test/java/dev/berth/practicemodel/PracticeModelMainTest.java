package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PracticeModelMainTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("PRACTICE_MODEL_HOST", "0.0.0.0", "PRACTICE_MODEL_PORT", "9000");

  @Test
  void argumentsGoBeforeTheEnvironment() {
    assertThat(PracticeModelMain.options(new String[] {"--port", "1"}, ENVIRONMENT))
        .containsOnly(Map.entry("--host", "0.0.0.0"), Map.entry("--port", "1"));
    assertThat(PracticeModelMain.options(new String[0], Map.of())).isEmpty();
  }

  @Test
  void anUnknownArgumentStopsTheStart() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PracticeModelMain.options(new String[] {"--prot", "1"}, Map.of()))
        .withMessage("--prot (expected: --host HOST or --port PORT)");
  }
}
