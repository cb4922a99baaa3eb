package dev.berth.api.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.client.ServerFrame.ErrorFrame;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of the client protocol, section 12.1. */
class ErrorFrameTest {
  /** What the codes mean to published clients, and the close codes that go with each. */
  private static final Map<String, int[]> CLOSES =
      Map.of(
          "AUTHENTICATION_ERROR", new int[] {4401, 1008},
          "BUDGET_EXCEEDED", new int[] {4402},
          "CONCURRENCY_LIMIT", new int[] {4429},
          "RATE_LIMIT", new int[] {4429},
          "VALIDATION_ERROR", new int[] {1008},
          "SESSION_ERROR", new int[] {1011},
          "TOOL_EXECUTION_ERROR", new int[] {1011},
          "TIMEOUT", new int[] {1011});

  @ParameterizedTest
  @CsvSource({
    "invalid_token, AUTHENTICATION_ERROR, 401, 4401",
    "token_expired, AUTHENTICATION_ERROR, 401, 4401",
    "user_budget_exhausted, BUDGET_EXCEEDED, 429, 4402",
    "developer_budget_exhausted, BUDGET_EXCEEDED, 402, 4402",
    "concurrent_limit_reached, CONCURRENCY_LIMIT, 429, 4429",
    "rate_limited, RATE_LIMIT, 429, 4429",
    "invalid_request, VALIDATION_ERROR, 400, 1008",
    "session_not_found, SESSION_ERROR, 404, 1011",
    "sandbox_failed, SESSION_ERROR, 503, 1011",
    "internal, SESSION_ERROR, 500, 1011",
    "timed_out, TIMEOUT, 504, 1011",
  })
  void aRefusalHasItsCodesOnEverySurface(String code, String category, int status, int close) {
    var type = type(code);

    var frame = ErrorFrame.of(new Problem(type, "told"));

    assertThat(ProtocolJson.mapper().writeValueAsString(frame))
        .isEqualTo(
            "{\"type\":\"error\",\"payload\":{\"message\":\"told\",\"code\":\"%s\",\"details\":{\"error\":\"%s\"}}}"
                .formatted(category, code));
    assertThat(type.httpStatus()).isEqualTo(status);
    assertThat(type.closeCode()).isEqualTo(close);
  }

  @ParameterizedTest
  @EnumSource(ProblemType.class)
  void everyRefusalHasACodeThatClientsKnow(ProblemType type) {
    assertThat(CLOSES).containsKey(type.category().name());
    assertThat(CLOSES.get(type.category().name())).contains(type.closeCode());
    assertThat(type.httpStatus()).isBetween(400, 599);
  }

  @Test
  void onlyWhatMayPassByItselfIsWorthARepeat() {
    assertThat(type("rate_limited").retryable()).isTrue();
    assertThat(type("unavailable").retryable()).isTrue();
    assertThat(type("invalid_token").retryable()).isFalse();
    assertThat(type("invalid_request").retryable()).isFalse();
    assertThat(type("superseded").retryable()).isFalse();
  }

  private static ProblemType type(String code) {
    return ProtocolJson.mapper().convertValue(code, ProblemType.class);
  }
}
