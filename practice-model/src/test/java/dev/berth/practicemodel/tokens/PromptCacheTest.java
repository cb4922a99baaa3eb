package dev.berth.practicemodel.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PromptCacheTest {
  private static final String MARK = ", \"cache_control\": {\"type\": \"ephemeral\"}";
  private static final String HOUR =
      ", \"cache_control\": {\"type\": \"ephemeral\", \"ttl\": \"1h\"}";

  private final PromptCache cache = new PromptCache(100);

  @Test
  void nothingIsCachedWithoutMarks() {
    assertThat(cache.account("m", request("", ""))).isEqualTo(new Usage(12, 0, 0, 0, 0));
    assertThat(cache.account("m", request("", ""))).isEqualTo(new Usage(12, 0, 0, 0, 0));
  }

  @Test
  void aMarkedPrefixIsWrittenOnceAndThenRead() {
    assertThat(cache.account("m", request(MARK, ""))).isEqualTo(new Usage(10, 2, 0, 0, 0));
    assertThat(cache.account("m", request(MARK, ""))).isEqualTo(new Usage(10, 0, 0, 2, 0));
  }

  @Test
  void theMarkMayMoveOn() {
    cache.account("m", request(MARK, ""));

    assertThat(cache.account("m", request("", MARK))).isEqualTo(new Usage(0, 10, 0, 2, 0));
    assertThat(cache.account("m", request("", MARK))).isEqualTo(new Usage(0, 0, 0, 12, 0));
  }

  @Test
  void anHourIsCountedApart() {
    assertThat(cache.account("m", request(HOUR, MARK))).isEqualTo(new Usage(0, 10, 2, 0, 0));
  }

  @Test
  void modelsDoNotShare() {
    cache.account("m", request(MARK, ""));

    assertThat(cache.account("n", request(MARK, "")).cacheRead()).isZero();
  }

  @Test
  void theLeastUsedIsForgotten() {
    var small = new PromptCache(1);
    small.account("m", request(MARK, ""));
    small.account("n", request(MARK, ""));

    assertThat(small.account("m", request(MARK, "")).cacheRead()).isZero();
  }

  private static JsonNode request(String systemMark, String messageMark) {
    return JsonMapper.shared()
        .readTree(
            """
            {"system": [{"type": "text", "text": "12345678"%s}],
             "messages": [
               {"role": "user", "content": [{"type": "text", "text": "1234"}]},
               {"role": "user", "content": [{"type": "text", "text": "1234"%s}]}]}
            """
                .formatted(systemMark, messageMark));
  }
}
