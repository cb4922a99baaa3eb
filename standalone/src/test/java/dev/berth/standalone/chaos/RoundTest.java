package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
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

  @Test
  void aLengthThatDiffersALittleMovesMomentsALittleAndChangesNothingElse() {
    for (var round = 0; round < 30; round++) {
      var strikes = strikes(plan(7, round, USUAL));
      var again = strikes(plan(7, round, USUAL, Duration.ofMillis(2_100)));

      assertThat(again).hasSameSizeAs(strikes);
      for (var index = 0; index < strikes.size(); index++) {
        var strike = strikes.get(index);
        var other = again.get(index);
        assertThat(other.component()).isEqualTo(strike.component());
        assertThat(other.pause()).isEqualTo(strike.pause());
        switch (strike.moment()) {
          case Moment.Event event -> assertThat(other.moment()).isEqualTo(event);
          case Moment.After(var time) ->
              assertThat(((Moment.After) other.moment()).time())
                  .isBetween(time, time.plusMillis(100));
        }
      }
    }
  }

  @Test
  void onePauseInFourOfWhatHasALimitToItsSilenceIsLongerThanTheLimit() {
    var pauses =
        IntStream.range(0, 3_000)
            .boxed()
            .flatMap(round -> strikes(plan(1, round, USUAL)).stream())
            .filter(strike -> strike.kind() == StrikeKind.PAUSE)
            .toList();
    var limited = pauses.stream().filter(strike -> strike.component().hasSilenceLimit()).toList();
    var longOnes = pauses.stream().filter(strike -> isLong(strike.pause())).toList();

    assertThat(longOnes).allMatch(strike -> strike.component().hasSilenceLimit());
    assertThat(longOnes.stream().map(Strike::component).distinct())
        .containsExactlyInAnyOrder(Component.BRIDGE, Component.CONTAINER, Component.WORKER);
    assertThat(longOnes.size() / (double) limited.size()).isBetween(0.2, 0.3);
    assertThat(pauses).allMatch(strike -> isLong(strike.pause()) || isShort(strike.pause()));
  }

  @Test
  void aClientIsDisconnectedAndTheEngineIsNeverPaused() {
    var engineAndClient = List.of(Component.DOCKER, Component.CLIENT);
    var kinds =
        IntStream.range(0, 60)
            .boxed()
            .flatMap(round -> strikes(plan(1, round, engineAndClient)).stream())
            .map(strike -> strike.component() + " " + strike.kind())
            .distinct();

    assertThat(kinds).containsExactlyInAnyOrder("DOCKER KILL", "CLIENT DISCONNECT");
  }

  private static boolean isLong(@Nullable Duration pause) {
    return pause != null && pause.toMillis() >= 40_000 && pause.toMillis() <= 60_000;
  }

  private static boolean isShort(@Nullable Duration pause) {
    return pause != null && pause.toMillis() >= 500 && pause.toMillis() <= 12_500;
  }

  private static List<Strike> strikes(List<Plan> plans) {
    return plans.stream().flatMap(plan -> plan.strikes().stream()).toList();
  }

  private static List<Plan> plan(long seed, int round, List<Component> components) {
    return plan(seed, round, components, Duration.ofSeconds(2));
  }

  private static List<Plan> plan(
      long seed, int round, List<Component> components, Duration length) {
    return Round.plan(seed, round, components, reference -> new Round.Length(20, length));
  }

  private static long strikes(List<Plan> plans, boolean ofOneSession) {
    return plans.stream()
        .flatMap(plan -> plan.strikes().stream())
        .filter(strike -> strike.component().isOfOneSession() == ofOneSession)
        .count();
  }
}
