package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.chaos.Oracle.EffectsDifference;
import dev.berth.standalone.chaos.Reference.Step;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** That each effect is held against its own calls. */
class EffectsTest {
  private static final String P1 = "echo p1 >> effects";
  private static final String P2 = "echo p2 >> effects; python3 -c \"import time; time.sleep(1)\"";
  private static final EffectsDifference NONE = new EffectsDifference(0, 0);

  private final Oracle oracle = new Oracle();
  private final TestLog log = new TestLog();

  @Test
  void aLineOfEachCallThatEndedIsFine() {
    log.command("a", P1).completed("a").command("b", P2).completed("b");

    assertThat(effects("p1", "p2")).isEqualTo(NONE);
    assertThat(oracle.findings()).isEmpty();
  }

  @Test
  void aSecondLineIsAdmittedByTheUnknownOutcomeOfItsOwnCall() {
    log.command("a", P1).unknown("a").command("b", P1).completed("b");

    assertThat(effects("p1", "p1")).isEqualTo(NONE);
    assertThat(effects("p1", "p1", "p1")).isEqualTo(new EffectsDifference(1, 0));
  }

  @Test
  void theUnknownOutcomeOfAnotherCallExcusesNothing() {
    log.command("a", P1).unknown("a");
    log.command("b", P2).completed("b").command("c", P2).completed("c");

    assertThat(effects("p2", "p2").beyond()).isEqualTo(1);
    assertThat(oracle.findings()).singleElement().asString().contains("p2 2 times by 2 calls");
  }

  @Test
  void aCallOfUnknownOutcomeThatWasNotAskedForAgainLeavesOneLineAtMost() {
    log.command("a", P1).unknown("a");

    assertThat(effects()).isEqualTo(NONE);
    assertThat(effects("p1")).isEqualTo(NONE);
    assertThat(effects("p1", "p1")).isEqualTo(new EffectsDifference(1, 0));
  }

  @Test
  void aLineWithoutACallThatStartedIsSeen() {
    log.called("a", "Bash", TestLog.json().put("command", P1));

    assertThat(effects("p1")).isEqualTo(new EffectsDifference(1, 0));
  }

  @Test
  void theEffectOfACallThatEndedIsMissed() {
    log.command("a", P1).completed("a").command("b", P2).completed("b");

    assertThat(effects("p1")).isEqualTo(new EffectsDifference(0, 1));
    assertThat(oracle.findings()).singleElement().asString().contains("1 lost");
  }

  @Test
  void aCallThatFailedOrWasCutNeedNotHaveAnEffect() {
    log.command("a", P1).failed("a").command("b", P2).unknown("b");

    assertThat(effects()).isEqualTo(NONE);
  }

  @Test
  void aCallOfAnInterruptedTurnNeedNotHaveAnEffect() {
    log.command("a", P1).completed("a").ended("turn.interrupted");

    assertThat(effects()).isEqualTo(NONE);
    assertThat(effects("p1", "p1").beyond()).isEqualTo(1);
  }

  @Test
  void whatEndedAfterTheLookIsNotMissed() {
    log.command("a", P1);
    var look = log.next();
    log.completed("a");

    assertThat(oracle.effects(new Seen(List.of(), look), log.events())).isEqualTo(NONE);
  }

  @Test
  void aCallInTheBackgroundHasItsEffectWhenItsTaskHasEnded() {
    var input = TestLog.json().put("command", "echo b1 >> effects").put("run_in_background", true);
    log.called("a", "Bash", input).started("a", "hash").completed("a");
    log.noticed(task("task_started").put("tool_use_id", "a"));
    assertThat(effects()).isEqualTo(NONE);

    log.noticed(task("task_notification").put("status", "completed"));
    assertThat(effects()).isEqualTo(new EffectsDifference(0, 1));
    assertThat(effects("b1")).isEqualTo(NONE);
  }

  @Test
  void aLostCommandInTheBackgroundMayBeAskedForAgain() {
    log.command("a", P1).completed("a").command("b", P1).completed("b");
    assertThat(effects("p1", "p1").beyond()).isEqualTo(1);

    log.backgroundLost("a");
    assertThat(effects("p1", "p1")).isEqualTo(NONE);
  }

  @Test
  void aLostSubagentMayBeAskedForAgainWithAllThatItDid() {
    var task = TestLog.json().put("prompt", "bash echo t1 >> effects\nsay looked");
    log.called("task", "Task", task).started("task", "hash");
    log.command("a", "echo t1 >> effects").completed("a");
    log.command("b", "echo t1 >> effects").completed("b");
    assertThat(effects("t1", "t1").beyond()).isEqualTo(1);

    log.unknown("task");
    assertThat(effects("t1", "t1")).isEqualTo(NONE);
  }

  @Test
  void aCallOfTheClientsOwnToolIsOneToo() {
    var input = TestLog.json().put("line", "c1");
    log.called("a", "mcp__desk__note", input).started("a", "hash").completed("a");

    assertThat(effects("c1")).isEqualTo(NONE);
    assertThat(effects()).isEqualTo(new EffectsDifference(0, 1));
    assertThat(effects("c1", "c1")).isEqualTo(new EffectsDifference(1, 0));
  }

  @Test
  void aCallWhoseMessageWasLostIsKnownByItsInput() {
    log.started("a", P1).unknown("a").command("b", P1).completed("b");

    assertThat(effects("p1", "p1")).isEqualTo(NONE);
    assertThat(effects("p1", "p1", "p1").beyond()).isEqualTo(1);
  }

  @Test
  void aCallOfWhichNothingIsToldMayHaveBeenAnyOne() {
    log.started("a", "hash").unknown("a").command("b", P2).completed("b");

    assertThat(effects("p1", "p2")).isEqualTo(NONE);
    assertThat(effects("p1", "p1", "p2").beyond()).isEqualTo(1);
  }

  @Test
  void everyReferenceSessionGivesEachOfItsLinesAWordOfItsOwn() {
    for (var reference : Reference.values()) {
      var words =
          reference.steps().stream()
              .filter(Step.Send.class::isInstance)
              .flatMap(step -> ((Step.Send) step).script().lines())
              .filter(line -> line.contains("effects") || line.contains("\"line\""))
              .map(EffectsTest::word)
              .toList();

      assertThat(words)
          .as(reference.name())
          .isNotEmpty()
          .doesNotHaveDuplicates()
          .doesNotContain("");
    }
  }

  private static String word(String step) {
    var input =
        step.strip().startsWith("tool ")
            ? ProtocolJson.mapper().readTree(step.substring(step.indexOf('{')))
            : TestLog.json().put("command", step);
    return Effect.of(input) instanceof Effect.Own(var word) ? word : "";
  }

  private static ObjectNode task(String subtype) {
    return TestLog.json().put("type", "system").put("subtype", subtype).put("task_id", "b7");
  }

  private EffectsDifference effects(String... lines) {
    return oracle.effects(new Seen(List.of(lines), log.next()), log.events());
  }
}
