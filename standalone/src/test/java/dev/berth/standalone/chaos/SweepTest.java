package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** That a sweep leaves nothing out. */
class SweepTest {
  private static final List<Component> TWO = List.of(Component.AGENT, Component.API);
  private static final int BOUNDARIES = TWO.size() * Reference.values().length * 5;

  @Test
  void killsEachPartOnceAfterEachEventOfEachSession() {
    assertThat(all(reference -> 5)).hasSize(BOUNDARIES).doesNotHaveDuplicates();
  }

  @Test
  void endsWhenAllHadTheirTurn() {
    var rounds = BOUNDARIES / Round.SESSIONS;

    assertThat(Sweep.plan(7, rounds - 1, TWO, reference -> 5)).hasSize(Round.SESSIONS);
    assertThat(Sweep.plan(7, rounds, TWO, reference -> 5)).isEmpty();
  }

  @Test
  void aSeedAndANumberSayTheSameAgain() {
    assertThat(Sweep.plan(7, 3, TWO, reference -> 5))
        .isEqualTo(Sweep.plan(7, 3, TWO, reference -> 5))
        .isNotEqualTo(Sweep.plan(8, 3, TWO, reference -> 5));
  }

  @Test
  void oneEventMoreMovesTheOthersAndLeavesTheirOrder() {
    var longer = all(reference -> reference == Reference.QUEUE ? 6 : 5);

    assertThat(longer).containsSubsequence(all(reference -> 5));
  }

  private static List<String> all(ToIntFunction<Reference> events) {
    return IntStream.range(0, BOUNDARIES)
        .boxed()
        .flatMap(round -> Sweep.plan(7, round, TWO, events).stream())
        .map(plan -> plan.reference() + " " + plan.strikes().getFirst().describe())
        .toList();
  }
}
