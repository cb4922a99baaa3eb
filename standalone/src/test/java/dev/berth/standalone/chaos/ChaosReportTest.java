package dev.berth.standalone.chaos;

import static dev.berth.standalone.chaos.TestTrial.disconnected;
import static dev.berth.standalone.chaos.TestTrial.killed;
import static dev.berth.standalone.chaos.TestTrial.missed;
import static dev.berth.standalone.chaos.TestTrial.paused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.standalone.platform.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a report says what was done, and can be gone on with. */
class ChaosReportTest {
  private static final List<Component> ALL = List.of(Component.AGENT, Component.CLIENT);

  @TempDir private Path folder;

  @Test
  void killsPausesAndDisconnectsAreCountedApart() {
    var report =
        ChaosReport.of(part("abc", 0))
            .plus(
                List.of(
                    TestTrial.of(
                            0,
                            killed(Component.AGENT),
                            killed(Component.AGENT),
                            paused(Component.AGENT),
                            missed(Component.AGENT))
                        .result(),
                    TestTrial.of(0, disconnected()).result()));

    assertThat(report.summary())
        .contains("Seed 7. 2 kills, 1 pauses and 1 disconnects under 2 sessions, 0 of them")
        .contains("| agent | 2 | 1 | 0 | 1 | – | 0 | – | – |")
        .contains("| client | 0 | 0 | 1 | 0 | – | 0 | – | – |");
  }

  @Test
  void eachRunIsAPartWithWhatRan() {
    var found = TestTrial.of(0, killed(Component.AGENT)).with("it is lost").result();
    var report =
        ChaosReport.of(part("abc", 0))
            .plus(List.of(found))
            .goneOnWith(null, ALL)
            .plus(List.of(TestTrial.of(1, killed(Component.AGENT)).result()))
            .goneOnWith("def+changes", ALL);

    assertThat(report.summary())
        .contains(
            """
            | commit | strikes | seed | rounds | kills | sessions | with findings |
            | --- | --- | ---: | ---: | ---: | ---: | ---: |
            | abc | at random | 7 | 0 to 0 | 1 | 1 | 1 |
            | – | at random | 7 | 1 to 1 | 1 | 1 | 0 |
            | def+changes | at random | 7 | – | 0 | 0 | 0 |
            """);
    assertThat(report.failures()).isEqualTo(1);
  }

  @Test
  void aFindingSaysItsRoundAndWhatStruckWhen() {
    var found =
        TestTrial.of(33, killed(Component.AGENT), missed(Component.BRIDGE)).with("it is lost");
    var round =
        SideBySide.judge(
            List.of(found.result(), TestTrial.of(33, killed(Component.API)).result()), 0);

    assertThat(ChaosReport.of(part("abc", 33)).plus(round).summary())
        .contains(
            "- round 33 of seed 7, AGENT after event 3 (at 40 ms), BRIDGE after event 3 (nothing"
                + " there) under TURNS, beside it API after event 3 (at 40 ms), session s: it is"
                + " lost")
        .contains("| api | 1 | 0 | 0 | 0 | – | 1 | – | – |");
  }

  @Test
  void theNextRoundFollowsTheLastOrIsTheOneToBeginWith() {
    var report = ChaosReport.of(part("abc", 33));
    assertThat(report.next()).isEqualTo(33);

    var longer = report.plus(List.of(TestTrial.of(33).result()));
    assertThat(longer.next()).isEqualTo(34);
    assertThat(longer.goneOnWith("def", ALL).next()).isEqualTo(34);
    assertThat(longer.goneOnWith("def", ALL).goneOnWith("ghi", ALL).next()).isEqualTo(34);
  }

  @Test
  void aSweepSaysAfterHowManyEventsItKilledAndGoesOnWhereTheSameOneEnded() {
    var events = Map.of(Reference.TURNS, 4, Reference.QUEUE, 2);
    var swept =
        ChaosReport.of(part("abc", 33))
            .plus(List.of(TestTrial.of(33, killed(Component.AGENT)).result()))
            .sweptOnWith("abc", ALL)
            .over(events)
            .plus(
                List.of(
                    TestTrial.of(0, killed(Component.AGENT)).result(),
                    TestTrial.of(0, missed(Component.AGENT)).as(Reference.QUEUE).result()));

    assertThat(swept.summary())
        .contains("| agent | 2 | 0 | 0 | 1 | 1 of 6 | 0 | – | – |")
        .contains("| abc | after each event | 7 | 0 to 0 | 1 | 2 | 0 |");
    assertThat(swept.sweptOnWith("def", ALL).next()).isEqualTo(1);
    assertThat(swept.sweptOnWith("def", List.of(Component.AGENT)).next()).isZero();
    assertThat(swept.goneOnWith("def", ALL).next()).isEqualTo(34);
  }

  @Test
  void whatWasWrittenIsReadAgain() throws IOException {
    var trials =
        SideBySide.judge(
            List.of(
                TestTrial.of(0, killed(Component.API), disconnected()).with("lost").result(),
                TestTrial.of(0, missed(Component.AGENT)).lacking(1, 0)),
            0);
    var report =
        ChaosReport.of(part("abc", 0))
            .plus(trials)
            .goneOnWith(null, ALL)
            .over(Map.of(Reference.TURNS, 4));
    var file = folder.resolve("report.md");

    report.write(file);

    assertThat(ChaosReport.read(file)).isEqualTo(report);
    assertThat(Files.readString(file)).isEqualTo(report.summary());
    assertThat(ChaosReport.read(folder.resolve("another.md"))).isNull();
  }

  @Test
  void aReportOfTheOlderFormIsRefused() throws IOException {
    var file = folder.resolve("report.md");
    Files.writeString(folder.resolve("report.md.json"), "{\"seed\": 7, \"trials\": []}");

    assertThatThrownBy(() -> ChaosReport.read(file))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("of an older form");
  }

  private static ReportPart part(String commit, int first) {
    return ReportPart.begin(7, commit, ALL, first);
  }
}
