package dev.berth.api.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentEnvironmentTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ANTHROPIC_MODEL",
        "ANTHROPIC_DEFAULT_OPUS_MODEL",
        "ANTHROPIC_SMALL_FAST_MODEL",
        "CLAUDE_CODE_SUBAGENT_MODEL",
        "DISABLE_PROMPT_CACHING",
        "DISABLE_PROMPT_CACHING_HAIKU",
        "_x9"
      })
  void aClientMaySetWhatIsItsOwnMatter(String name) {
    assertThat(AgentEnvironment.mayBeSet(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_CUSTOM_HEADERS",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "HOME",
        "PATH",
        "NODE_OPTIONS",
        "NODE_EXTRA_CA_CERTS",
        "LD_PRELOAD",
        "BERTH_SANDBOX_ID",
        "berth_sandbox_id",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_ENTRYPOINT",
        "AWS_BEARER_TOKEN_BEDROCK",
        "GOOGLE_APPLICATION_CREDENTIALS"
      })
  void whatThePlatformOwnsIsNotForClients(String name) {
    assertThat(AgentEnvironment.mayBeSet(name)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "9LIVES", "A-B", "A=B", "A B", "A\nB", "Ä"})
  void refusesWhatIsNoName(String name) {
    assertThat(AgentEnvironment.mayBeSet(name)).isFalse();
  }

  @Test
  void aNameHasAtMost128Characters() {
    assertThat(AgentEnvironment.mayBeSet("A".repeat(128))).isTrue();
    assertThat(AgentEnvironment.mayBeSet("A".repeat(129))).isFalse();
  }

  @Test
  void keepsValuesAndLeavesOutWhatHasNone() {
    var asked = new HashMap<String, String>(Map.of("B", "2", "A", "1", "HOME", "/root"));
    asked.put("C", null);

    assertThat(AgentEnvironment.allowed(asked))
        .containsExactly(Map.entry("A", "1"), Map.entry("B", "2"));
    assertThat(AgentEnvironment.allowed(null)).isEmpty();
  }
}
