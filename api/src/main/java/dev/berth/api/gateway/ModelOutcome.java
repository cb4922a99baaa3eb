package dev.berth.api.gateway;

/** How a request to a model ended, as far as the ledger is concerned. */
sealed interface ModelOutcome {
  /** The answer is whole, and says what it used. */
  record Answered(ModelUsage usage) implements ModelOutcome {}

  /**
   * The provider had the request, and what it used is not known to the end.
   *
   * @param reported what the provider had said until then
   * @param streamedBytes UTF-8 bytes of text, thinking and tool input that had come
   */
  record Lost(ModelUsage reported, long streamedBytes) implements ModelOutcome {
    static Lost unheard(ModelRequest request) {
      return new Lost(ModelUsage.of(request.modelName()), 0);
    }

    /** What was used at least; input that nobody counted is guessed from the request's size. */
    ModelUsage estimate(ModelRequest request) {
      var begun = reported.isEmpty() ? ModelUsage.guessed(request) : reported;
      return begun.withOutput(Math.max(begun.output(), streamedTokens(request)));
    }

    private long streamedTokens(ModelRequest request) {
      var tokens = ModelUsage.guessedTokens(streamedBytes);
      return request.maxTokens() == null ? tokens : Math.min(tokens, request.maxTokens());
    }
  }

  /** The provider refused the request, or never had the whole of it: it costs nothing. */
  record Refused() implements ModelOutcome {}
}
