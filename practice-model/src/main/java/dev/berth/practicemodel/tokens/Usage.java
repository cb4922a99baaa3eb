package dev.berth.practicemodel.tokens;

/**
 * Tokens of one answer, in the classes of the API.
 *
 * @param input that was neither read from the cache nor written to it
 * @param cacheWrite5m written to the cache for five minutes
 * @param cacheWrite1h written to the cache for an hour
 */
public record Usage(int input, int cacheWrite5m, int cacheWrite1h, int cacheRead, int output) {
  public static final Usage NONE = new Usage(0, 0, 0, 0, 0);

  public int cacheWrite() {
    return cacheWrite5m + cacheWrite1h;
  }

  Usage withInput(int tokens) {
    return new Usage(tokens, cacheWrite5m, cacheWrite1h, cacheRead, output);
  }

  Usage withRead(int tokens) {
    return new Usage(input, cacheWrite5m, cacheWrite1h, tokens, output);
  }

  public Usage withOutput(int tokens) {
    return new Usage(input, cacheWrite5m, cacheWrite1h, cacheRead, tokens);
  }
}
