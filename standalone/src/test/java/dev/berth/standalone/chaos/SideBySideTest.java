package dev.berth.standalone.chaos;

import static dev.berth.standalone.chaos.TestTrial.disconnected;
import static dev.berth.standalone.chaos.TestTrial.killed;
import static dev.berth.standalone.chaos.TestTrial.missed;
import static dev.berth.standalone.chaos.TestTrial.paused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** That no more answers may be lost than something has cut. */
class SideBySideTest {
  @Test
  void eachKillAndEachPauseMayCostAnAnswer() {
    var struck = TestTrial.of(0, killed(Component.AGENT), paused(Component.BRIDGE));

    assertThat(judged(struck.lacking(1, 1)).uncharged()).isZero();
    assertThat(judged(struck.lacking(1, 1)).findings()).isEmpty();
    assertThat(judged(struck.lacking(2, 1)).uncharged()).isEqualTo(1);
    assertThat(judged(struck.lacking(0, 3)).findings())
        .singleElement()
        .asString()
        .contains("3 answers are lost or open (expected: at most 2");
  }

  @Test
  void noAnswerIsLostToAClientOrToWhatWasNotThere() {
    var unhurt = TestTrial.of(0, disconnected(), missed(Component.AGENT));

    assertThat(judged(unhurt.lacking(0, 0)).findings()).isEmpty();
    assertThat(judged(unhurt.lacking(1, 0)).findings()).hasSize(1);
    assertThat(judged(unhurt.lacking(0, 1)).findings()).hasSize(1);
  }

  @Test
  void aKillUnderASubagentMayCostItsAnswerAndThatOfItsParent() {
    var struck = TestTrial.of(0, killed(Component.CONTAINER)).as(Reference.SUBAGENT);

    assertThat(judged(struck.lacking(2, 0)).findings()).isEmpty();
    assertThat(judged(struck.lacking(3, 0)).findings()).hasSize(1);
  }

  @Test
  void anInterruptMayCutAnAnswer() {
    var interrupted = TestTrial.of(0).as(Reference.INTERRUPT);

    assertThat(judged(interrupted.lacking(1, 0)).findings()).isEmpty();
    assertThat(judged(interrupted.lacking(2, 0)).findings()).hasSize(1);
  }

  @Test
  void whatIsClosedWhileItWorksMayLoseAnAnswer() {
    assertThat(judged(TestTrial.of(0).unfinished(1)).findings()).isEmpty();
    assertThat(judged(TestTrial.of(0).unfinished(2)).findings()).hasSize(1);
  }

  @Test
  void whatIsStruckAtThePlatformHitsTheOtherSessionsToo() {
    var struck = TestTrial.of(0, killed(Component.API), killed(Component.AGENT)).result();
    var beside = TestTrial.of(0).lacking(1, 0);

    var round = SideBySide.judge(List.of(struck, beside), 0);

    assertThat(round.get(0).beside()).isEmpty();
    assertThat(round.get(1).beside()).containsExactly(killed(Component.API));
    assertThat(round.get(1).findings()).isEmpty();
  }

  @Test
  void lostPermitsAreCountedOnce() {
    var round = SideBySide.judge(List.of(TestTrial.of(0).result(), TestTrial.of(0).result()), 2);

    assertThat(round).extracting(TrialResult::lostPermits).containsExactly(2, 0);
    assertThat(round.get(0).findings()).hasSize(1);
    assertThat(round.get(1).findings()).isEmpty();
  }

  private static TrialResult judged(TrialResult trial) {
    return SideBySide.judge(List.of(trial), 0).getFirst();
  }
}
