package dev.berth.api.gateway;

import tools.jackson.databind.JsonNode;

/** Tokens of one model request by class, as the provider counts them. */
record ModelUsage(
    String model,
    long input,
    long output,
    long cacheCreation5m,
    long cacheCreation1h,
    long cacheRead) {
  /** A rule of thumb for English text and code; a guess is no bound. */
  private static final int BYTES_PER_TOKEN = 4;

  static ModelUsage of(String model) {
    return new ModelUsage(model, 0, 0, 0, 0, 0);
  }

  /** The input of a request that the provider has not counted, and nothing else. */
  static ModelUsage guessed(ModelRequest request) {
    return new ModelUsage(request.modelName(), guessedTokens(request.bytes()), 0, 0, 0, 0);
  }

  static long guessedTokens(long bytes) {
    return Math.ceilDiv(bytes, BYTES_PER_TOKEN);
  }

  ModelUsage withOutput(long tokens) {
    return new ModelUsage(model, input, tokens, cacheCreation5m, cacheCreation1h, cacheRead);
  }

  boolean isEmpty() {
    return input + output + cacheCreation5m + cacheCreation1h + cacheRead == 0;
  }

  /** Takes over what a message, or a piece of its stream, says; later figures replace earlier. */
  ModelUsage updated(JsonNode message) {
    var usage = message.path("usage");
    if (!usage.isObject()) {
      return this;
    }
    var creation =
        usage.path("cache_creation_input_tokens").asLong(cacheCreation5m + cacheCreation1h);
    var oneHour =
        usage.path("cache_creation").path("ephemeral_1h_input_tokens").asLong(cacheCreation1h);
    return new ModelUsage(
        message.path("model").asString(model),
        usage.path("input_tokens").asLong(input),
        usage.path("output_tokens").asLong(output),
        creation - oneHour,
        oneHour,
        usage.path("cache_read_input_tokens").asLong(cacheRead));
  }
}
