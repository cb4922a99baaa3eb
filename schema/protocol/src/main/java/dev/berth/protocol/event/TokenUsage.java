package dev.berth.protocol.event;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Tokens by class, as the model's provider counts them, and the number of model requests. */
public record TokenUsage(
    long requests,
    @JsonProperty("input_tokens") long inputTokens,
    @JsonProperty("output_tokens") long outputTokens,
    @JsonProperty("cache_creation_input_tokens") long cacheCreationInputTokens,
    @JsonProperty("cache_read_input_tokens") long cacheReadInputTokens) {
  public static final TokenUsage NONE = new TokenUsage(0, 0, 0, 0, 0);

  public TokenUsage plus(TokenUsage more) {
    return new TokenUsage(
        requests + more.requests,
        inputTokens + more.inputTokens,
        outputTokens + more.outputTokens,
        cacheCreationInputTokens + more.cacheCreationInputTokens,
        cacheReadInputTokens + more.cacheReadInputTokens);
  }
}
