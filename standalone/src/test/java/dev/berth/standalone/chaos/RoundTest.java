package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** That a seed says everything, and that every part is struck. */
class RoundTest {
  private static final List<Component> USUAL =
      Arrays.stream(Component.values()).filter(Component::isUsual).toList();

  @Test
  void aSeedAndANumberSayTheSameAgain() {
    assertThat(plan(7, 3, USUAL)).isEqualTo(plan(7, 3, USUAL));
    assertThat(plan(7, 3, USUAL)).isNotEqualTo(plan(8, 3, USUAL));
    assertThat(plan(7, 3, USUAL)).isNotEqualTo(plan(7, 4, USUAL));
  }

  @Test
  void roundsStrikeSessionsThenThePlatformThenBoth() {
    assertThat(strikes(plan(1, 0, USUAL), true)).isEqualTo(9);
    assertThat(strikes(plan(1, 0, USUAL), false)).isZero();
    assertThat(strikes(plan(1, 1, USUAL), true)).isZero();
    assertThat(strikes(plan(1, 1, USUAL), false)).isEqualTo(3);
    assertThat(strikes(plan(1, 2, USUAL), true)).isEqualTo(6);
    assertThat(strikes(plan(1, 2, USUAL), false)).isEqualTo(1);
  }

  @Test
  void onlyWhatIsAskedForIsStruckInEveryRound() {
    for (var component : Component.values()) {
      for (var round = 0; round < 3; round++) {
        assertThat(plan(1, round, List.of(component)).stream().flatMap(p -> p.strikes().stream()))
            .isNotEmpty()
            .allMatch(strike -> strike.component() == component);
      }
    }
  }

  @Test
  void everyPartAndEverySessionHasItsTurn() {
    var plans =
        IntStream.range(0, 60).boxed().flatMap(round -> plan(1, round, USUAL).stream()).toList();

    assertThat(plans.stream().flatMap(plan -> plan.strikes().stream()).map(Strike::component))
        .containsAll(USUAL);
    assertThat(plans.stream().map(Plan::reference)).contains(Reference.values());
  }

  @Test
  void momentsLieWithinTheSession() {
    for (var plan : plan(5, 2, USUAL)) {
      for (var strike : plan.strikes()) {
        switch (strike.moment()) {
          case Moment.Event(var number) -> assertThat(number).isBetween(1, 20);
          case Moment.After(var time) -> assertThat(time).isLessThan(Duration.ofSeconds(2));
        }
      }
    }
  }

  private static List<Plan> plan(long seed, int round, List<Component> components) {
    return Round.plan(
        seed, round, components, reference -> new Round.Length(20, Duration.ofSeconds(2)));
  }

  private static long strikes(List<Plan> plans, boolean ofOneSession) {
    return plans.stream()
        .flatMap(plan -> plan.strikes().stream())
        .filter(strike -> strike.component().isOfOneSession() == ofOneSession)
        .count();
  }
}
