package dev.berth.standalone.chaos;

import static dev.berth.standalone.chaos.TestTrial.disconnected;
import static dev.berth.standalone.chaos.TestTrial.killed;
import static dev.berth.standalone.chaos.TestTrial.missed;
import static dev.berth.standalone.chaos.TestTrial.paused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** That a run goes on until it has killed what it should. */
class GoalTest {
  @Test
  void onlyWhatWasKilledCounts() {
    var goal = Goal.of(2).after(round(killed(Component.AGENT), missed(Component.BRIDGE)));
    assertThat(goal.missing()).isEqualTo(1);

    goal = goal.after(round(paused(Component.WORKER), disconnected()));
    assertThat(goal.isOver()).isFalse();

    goal = goal.after(round(killed(Component.API), killed(Component.S3)));
    assertThat(goal.isReached()).isTrue();
    assertThat(goal.isOver()).isTrue();
  }

  @Test
  void whatNeverKillsDoesNotGoOnForEver() {
    var goal = Goal.of(1);
    for (var round = 0; round < 9; round++) {
      goal = goal.after(round(disconnected()));
    }
    assertThat(goal.isOver()).isFalse();

    goal = goal.after(round(disconnected()));
    assertThat(goal.isOver()).isTrue();
    assertThat(goal.isReached()).isFalse();
  }

  @Test
  void aKillNowAndThenIsEnoughToGoOn() {
    var goal = Goal.of(2);
    for (var round = 0; round < 9; round++) {
      goal = goal.after(round(disconnected()));
    }
    goal = goal.after(round(killed(Component.AGENT))).after(round(disconnected()));

    assertThat(goal.isOver()).isFalse();
  }

  private static List<TrialResult> round(StrikeResult... strikes) {
    return List.of(TestTrial.of(0, strikes).result());
  }
}
