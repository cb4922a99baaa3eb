package dev.berth.practicemodel.tokens;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class TokenRuleTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "a", "abcd", "abcde", "äöü", "€€€", "🚢🚢", "mixed ä € 🚢 text"})
  void aTextCountsItsBytesByFour(String text) {
    assertThat(TokenRule.bytes(text)).isEqualTo(text.getBytes(UTF_8).length);
    assertThat(TokenRule.ofText(text)).isEqualTo((text.getBytes(UTF_8).length + 3) / 4);
  }

  @Test
  void fillersAreExact() {
    assertThat(TokenRule.ofText(TokenRule.filler(1))).isEqualTo(1);
    assertThat(TokenRule.ofText(TokenRule.filler(12_345))).isEqualTo(12_345);
  }

  @Test
  void theBeginningOfATextNeverBreaksACharacter() {
    assertThat(TokenRule.beginning("abcdefgh", 1)).isEqualTo("abcd");
    assertThat(TokenRule.beginning("abc🚢", 1)).isEqualTo("abc");
    assertThat(TokenRule.beginning("ab", 9)).isEqualTo("ab");
  }

  @Test
  void aRequestCountsToolsSystemAndMessages() {
    var request =
        JsonMapper.shared()
            .readTree(
                """
                {"system": [
                   {"type": "text", "text": "x-anthropic-billing-header: cc_version=1"},
                   {"type": "text", "text": "12345678"}],
                 "messages": [
                   {"role": "user", "content": "1234"},
                   {"role": "assistant", "content": [
                     {"type": "text", "text": "12345"},
                     {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"a":1}}]}]}
                """);

    var system = 2;
    var user = 4 + 1;
    var assistant = 4 + 2 + (4 + 1 + 2);
    assertThat(TokenRule.ofRequest(request)).isEqualTo(system + user + assistant);
  }

  @Test
  void aTextAndAListOfOneTextCountTheSame() {
    var mapper = JsonMapper.shared();
    var text = mapper.readTree("{\"messages\": [{\"role\": \"user\", \"content\": \"ahoy\"}]}");
    var list =
        mapper.readTree(
            """
            {"messages": [{"role": "user", "content": [
               {"type": "text", "text": "ahoy", "cache_control": {"type": "ephemeral"}}]}]}
            """);

    assertThat(TokenRule.ofRequest(text)).isEqualTo(TokenRule.ofRequest(list));
  }
}
