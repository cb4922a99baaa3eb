package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.gateway.ModelOutcome.Lost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRequestTest {
  private static final ModelUsage REPORTED = new ModelUsage("m-1", 100, 7, 0, 0, 900);

  @Test
  void theLastOfAFieldThatComesTwiceCounts() {
    var body = "{\"model\": \"a\", \"max_tokens\": 1, \"model\": \"b\", \"max_tokens\": 2}";

    assertThat(read(body)).isEqualTo(new ModelRequest("b", 2L, body.length()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\": \"m\"}",
        "{\"model\": \"m\", \"max_tokens\": \"1\"}",
        "{\"model\": \"m\", \"max_tokens\": 1.5}",
        "{\"model\": \"m\", \"max_tokens\": 99999999999999999999}",
        "{\"model\": \"m\", \"metadata\": {\"max_tokens\": 1}}"
      })
  void aLimitThatIsNoNumberOfTokensIsNoneAndTheModelStillCounts(String body) {
    var request = read(body);

    assertThat(request.model()).isEqualTo("m");
    assertThat(request.maxTokens()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{\"model\": \"m\", \"max_tokens\": 1", "{\"model\": \"m\"} {}"})
  void ofWhatIsNotOneJsonObjectOnlyTheSizeIsKnown(String body) {
    assertThat(read(body)).isEqualTo(new ModelRequest(null, null, body.length()));
  }

  @Test
  void anEstimateTakesTheLargerOfWhatWasReportedAndWhatWasStreamed() {
    var request = new ModelRequest("m", 4096L, 1001);

    assertThat(new Lost(REPORTED, 28).estimate(request)).isEqualTo(REPORTED);
    assertThat(new Lost(REPORTED, 29).estimate(request)).isEqualTo(REPORTED.withOutput(8));
  }

  @Test
  void anEstimateOfInputThatNobodyCountedComesFromTheSizeOfTheRequest() {
    var request = new ModelRequest("m", 4096L, 1001);

    assertThat(Lost.unheard(request).estimate(request))
        .isEqualTo(new ModelUsage("m", 251, 0, 0, 0, 0));
  }

  @Test
  void whatWasStreamedIsNotMoreThanWasAskedFor() {
    var request = new ModelRequest("m", 10L, 1001);

    assertThat(new Lost(REPORTED, 1000).estimate(request)).isEqualTo(REPORTED.withOutput(10));
  }

  private static ModelRequest read(String body) {
    return ModelRequest.read(body.getBytes(UTF_8));
  }
}
