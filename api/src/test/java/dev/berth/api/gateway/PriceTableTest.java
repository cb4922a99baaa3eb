package dev.berth.api.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.api.gateway.PriceTable.Price;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceTableTest {
  private static final long MILLION = 1_000_000;
  private static final PriceTable TABLE =
      new PriceTable(
          "v",
          "a test",
          List.of(
              new Price("claude-a-2", 7, 0, 0, 0, 0),
              new Price("claude-a", 10, 100, 1_000, 10_000, 100_000),
              new Price("", 99, 0, 0, 0, 0)));

  @Test
  void eachClassOfTokensHasItsPrice() {
    assertThat(cost(new ModelUsage("claude-a-1", MILLION, 0, 0, 0, 0))).isEqualTo(10);
    assertThat(cost(new ModelUsage("claude-a-1", 0, MILLION, 0, 0, 0))).isEqualTo(100);
    assertThat(cost(new ModelUsage("claude-a-1", 0, 0, MILLION, 0, 0))).isEqualTo(1_000);
    assertThat(cost(new ModelUsage("claude-a-1", 0, 0, 0, MILLION, 0))).isEqualTo(10_000);
    assertThat(cost(new ModelUsage("claude-a-1", 0, 0, 0, 0, MILLION))).isEqualTo(100_000);
  }

  @Test
  void theFirstPrefixThatFitsCounts() {
    assertThat(cost(new ModelUsage("claude-a-2-20260101", MILLION, 0, 0, 0, 0))).isEqualTo(7);
  }

  @Test
  void anUnknownModelIsNeverFree() {
    assertThat(cost(new ModelUsage("gpt-oss", MILLION, 0, 0, 0, 0))).isEqualTo(99);
    assertThat(cost(new ModelUsage("", MILLION, 0, 0, 0, 0))).isEqualTo(99);
  }

  @Test
  void aStartedMicrodollarCountsWholeAndNothingCostsNothing() {
    assertThat(cost(new ModelUsage("claude-a-1", 1, 0, 0, 0, 0))).isEqualTo(1);
    assertThat(cost(ModelUsage.of("claude-a-1"))).isZero();
  }

  @Test
  void aSumThatIsTooLargeIsAnErrorAndNotASmallPrice() {
    assertThatThrownBy(() -> cost(new ModelUsage("claude-a-1", Long.MAX_VALUE, 0, 0, 0, 0)))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void refusesATableWithoutAPriceForEveryModel() {
    assertThatThrownBy(() -> new PriceTable("v", "s", List.of(new Price("claude", 1, 1, 1, 1, 1))))
        .hasMessageContaining("the last entry must fit every model");
    assertThatThrownBy(() -> new PriceTable("v", "s", List.of()))
        .hasMessageContaining("the last entry must fit every model");
  }

  @ParameterizedTest
  @CsvSource({
    "claude-opus-4-5-20251101, 5, 25",
    "claude-sonnet-4-5-20250929, 3, 15",
    "claude-haiku-4-5-20251001, 1, 5",
  })
  void theBundledTableHasTheListPricesOfTheModelsThatAliasesMean(
      String model, long inputDollars, long outputDollars) {
    var bundled = PriceTable.bundled();

    assertThat(bundled.cost(new ModelUsage(model, MILLION, 0, 0, 0, 0)))
        .isEqualTo(inputDollars * MILLION);
    assertThat(bundled.cost(new ModelUsage(model, 0, MILLION, 0, 0, 0)))
        .isEqualTo(outputDollars * MILLION);
  }

  @Test
  void inTheBundledTableCacheWritesCostMoreThanInputAndReadsLess() {
    assertThat(PriceTable.bundled().prices())
        .allSatisfy(price -> {
          assertThat(price.cacheCreation5m()).isEqualTo(price.input() * 5 / 4);
          assertThat(price.cacheCreation1h()).isEqualTo(price.input() * 2);
          assertThat(price.cacheRead()).isEqualTo(price.input() / 10);
        });
  }

  @Test
  void inTheBundledTableNoModelIsDearerThanAnUnknownOne() {
    var prices = PriceTable.bundled().prices();

    assertThat(prices).extracting(Price::input).isNotEmpty();
    assertThat(prices.stream().max(Comparator.comparingLong(Price::output)).orElseThrow().output())
        .isEqualTo(prices.getLast().output());
  }

  private static long cost(ModelUsage usage) {
    return TABLE.cost(usage);
  }
}
