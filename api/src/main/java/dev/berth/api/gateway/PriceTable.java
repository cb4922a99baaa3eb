package dev.berth.api.gateway;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/**
 * What models cost: microdollars for a million tokens of each class. The first entry whose prefix
 * fits counts; the last one fits everything and is dear, so that an unknown model is never free.
 *
 * @param version stored with each ledger row
 * @param source where the prices come from, and when they were read
 */
public record PriceTable(String version, String source, List<Price> prices) {
  private static final String RESOURCE = "/prices.json";
  private static final long MILLION = 1_000_000;

  public PriceTable {
    prices = List.copyOf(prices);
    if (prices.isEmpty() || !prices.getLast().prefix().isEmpty()) {
      throw new IllegalArgumentException(
          "prices: the last entry must fit every model (expected: prefix \"\")");
    }
  }

  /** Prices of the models whose id begins with the prefix. */
  public record Price(
      String prefix,
      long input,
      long output,
      long cacheCreation5m,
      long cacheCreation1h,
      long cacheRead) {}

  public static PriceTable bundled() {
    try (var resource = PriceTable.class.getResourceAsStream(RESOURCE)) {
      return ProtocolJson.mapper()
          .readValue(Objects.requireNonNull(resource, RESOURCE), PriceTable.class);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The cost in microdollars, a started microdollar counted whole. */
  long cost(ModelUsage usage) {
    var price =
        prices.stream()
            .filter(candidate -> usage.model().startsWith(candidate.prefix()))
            .findFirst()
            .orElseThrow();
    var millionths =
        Math.addExact(
            Math.addExact(
                Math.multiplyExact(usage.input(), price.input()),
                Math.multiplyExact(usage.output(), price.output())),
            Math.addExact(
                Math.addExact(
                    Math.multiplyExact(usage.cacheCreation5m(), price.cacheCreation5m()),
                    Math.multiplyExact(usage.cacheCreation1h(), price.cacheCreation1h())),
                Math.multiplyExact(usage.cacheRead(), price.cacheRead())));
    return Math.ceilDiv(millionths, MILLION);
  }
}
