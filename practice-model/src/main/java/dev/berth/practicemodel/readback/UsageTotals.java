package dev.berth.practicemodel.readback;

import dev.berth.practicemodel.tokens.Usage;

/**
 * Sums over requests for messages since the start or the last reset.
 *
 * @param completed whose answers arrived whole
 * @param cut whose answers ended early, with what was sent of them
 * @param failed how many were answered by an error
 */
public record UsageTotals(Sum completed, Sum cut, long failed) {
  static final UsageTotals NONE = new UsageTotals(Sum.NONE, Sum.NONE, 0);

  UsageTotals plus(AnsweredRequest request) {
    return plus(request, 1);
  }

  UsageTotals minus(AnsweredRequest request) {
    return plus(request, -1);
  }

  private UsageTotals plus(AnsweredRequest request, int times) {
    return switch (request.outcome()) {
      case AnsweredRequest.Completed() ->
          new UsageTotals(completed.plus(request.usage(), times), cut, failed);
      case AnsweredRequest.Cut(var byScript, var events) ->
          new UsageTotals(completed, cut.plus(request.usage(), times), failed);
      case AnsweredRequest.Failed(var status) -> new UsageTotals(completed, cut, failed + times);
    };
  }

  /** Requests and their tokens. */
  public record Sum(long requests, long input, long cacheWrite, long cacheRead, long output) {
    static final Sum NONE = new Sum(0, 0, 0, 0, 0);

    Sum plus(Usage usage, int times) {
      return new Sum(
          requests + times,
          input + (long) times * usage.input(),
          cacheWrite + (long) times * usage.cacheWrite(),
          cacheRead + (long) times * usage.cacheRead(),
          output + (long) times * usage.output());
    }
  }
}
