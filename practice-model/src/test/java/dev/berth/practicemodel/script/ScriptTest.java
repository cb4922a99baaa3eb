package dev.berth.practicemodel.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ScriptTest {
  @Test
  void aMessageWithoutStepsIsNoScript() {
    assertThat(Script.in("Please say hello\nWrite a poem.\n\n- and read it aloud")).isEmpty();
  }

  @Test
  void proseAroundTheStepsIsIgnored() {
    var script = script("Do this, please:\n\nsay hello\n\nThank you!");

    assertThat(script.size()).isEqualTo(1);
    assertThat(round(script, 0).speech()).containsExactly(new Step.Say("hello"));
  }

  @Test
  void speechGoesWithTheCallThatFollows() {
    var script = script("say a\nbash b\nthink c\nsay d\nread e\nsay f\nsay g");

    assertThat(script.size()).isEqualTo(3);
    assertThat(round(script, 0).speech()).containsExactly(new Step.Say("a"));
    assertThat(calls(script, 0)).containsExactly(new Step.Bash("b", false));
    assertThat(round(script, 1).speech()).containsExactly(new Step.Think("c"), new Step.Say("d"));
    assertThat(calls(script, 1)).containsExactly(new Step.Read("e"));
    assertThat(round(script, 2).speech()).containsExactly(new Step.Say("f"), new Step.Say("g"));
    assertThat(round(script, 2).isLast()).isTrue();
    assertThat(script.round(3)).isEmpty();
  }

  @Test
  void textsMayHaveManyLines() {
    var script =
        script(
            """
            write a b.txt <<END
              indented

            say this is content
            END
            bash <<EOF
            echo 1
            echo 2
            EOF
            say <<END
            x
            y
            END
            """);

    assertThat(calls(script, 0))
        .containsExactly(new Step.Write("a b.txt", "  indented\n\nsay this is content\n"));
    assertThat(calls(script, 1)).containsExactly(new Step.Bash("echo 1\necho 2", false));
    assertThat(round(script, 2).speech()).containsExactly(new Step.Say("x\ny"));
  }

  @Test
  void editsTakeTwoJsonStrings() {
    var script = script("edit src/a.py \"x => \\\"y\\\"\\n\" => \"z\"");

    assertThat(calls(script, 0)).containsExactly(new Step.Edit("src/a.py", "x => \"y\"\n", "z"));
  }

  @Test
  void anyToolTakesJson() {
    var script = script("tool mcp__shop__price {\"item\": \"egg\"}\njson <<END\n[1,\n2]\nEND");

    var json = JsonMapper.shared();
    assertThat(calls(script, 0))
        .containsExactly(new Step.Tool("mcp__shop__price", json.readTree("{\"item\":\"egg\"}")));
    assertThat(round(script, 1).ending())
        .isEqualTo(new Round.Json(new Step.Structured(json.readTree("[1,2]"))));
  }

  @Test
  void subagentsGetTheIndentedLines() {
    var script =
        script(
            """
            task count the files as Explore:
              bash ls
              task deeper:
                say deep

              say counted
            background task wait: \s
              say later
            say done
            """);

    assertThat(calls(script, 0))
        .containsExactly(
            new Step.Task(
                "count the files",
                "Explore",
                "bash ls\ntask deeper:\n  say deep\n\nsay counted",
                false));
    assertThat(calls(script, 1)).containsExactly(new Step.Task("wait", null, "say later", true));
  }

  @Test
  void parallelCallsShareOneRound() {
    var script = script("parallel:\n  bash a\n  background bash b\n  write c <<END\n  d\n  END\n");

    assertThat(script.size()).isEqualTo(1);
    assertThat(calls(script, 0))
        .containsExactly(
            new Step.Bash("a", false), new Step.Bash("b", true), new Step.Write("c", "d\n"));
  }

  @Test
  void conditionsShapeTheNextAnswerOnly() {
    var script =
        script(
            """
            wait 2 s
            slow 20 ms per token
            error 529 times 3
            cut after 4 events
            stall after 1 event for 500 ms
            bash a
            error 429 always
            """);

    assertThat(round(script, 0).delay()).isEqualTo(Duration.ofSeconds(2));
    assertThat(round(script, 0).perToken()).isEqualTo(Duration.ofMillis(20));
    assertThat(round(script, 0).faults())
        .containsExactly(
            new Step.Fail(529, 3),
            new Step.Cut(4, 1),
            new Step.Stall(1, Duration.ofMillis(500), 1));
    assertThat(round(script, 1).delay()).isZero();
    assertThat(round(script, 1).faults()).containsExactly(new Step.Fail(429, Step.Fault.ALWAYS));
    assertThat(round(script, 1).ending()).isEqualTo(new Round.Plain());
  }

  @Test
  void repeatsAreNumbered() {
    var script = script("repeat 3:\n  bash echo {{i}}\n  say did {{i}}\nsay end");

    assertThat(script.size()).isEqualTo(4);
    assertThat(calls(script, 2)).containsExactly(new Step.Bash("echo 3", false));
    assertThat(round(script, 3).speech())
        .containsExactly(new Step.Say("did 3"), new Step.Say("end"));
  }

  @Test
  void aLoopNeverEnds() {
    var script = script("say start\nloop forever:\n  bash a{{i}}\n  say x\n  bash b{{i}}");

    assertThat(script.isEndless()).isTrue();
    assertThat(round(script, 0).speech()).containsExactly(new Step.Say("start"));
    assertThat(calls(script, 0)).containsExactly(new Step.Bash("a1", false));
    assertThat(calls(script, 1)).containsExactly(new Step.Bash("b1", false));
    assertThat(calls(script, 4_000)).containsExactly(new Step.Bash("a2001", false));
    assertThat(calls(script("loop forever"), 9))
        .containsExactly(new Step.Bash("echo round 10", false));
  }

  @Test
  void whatIsAddedKeepsTheNumbersOfTheRounds() {
    var script = script("bash a\nsay b").then(script("bash c\nsay d"));

    assertThat(calls(script, 0)).containsExactly(new Step.Bash("a", false));
    assertThat(calls(script, 1)).containsExactly(new Step.Bash("c", false));
    assertThat(round(script, 1).speech()).containsExactly(new Step.Say("b"));
    assertThat(script.size()).isEqualTo(3);
    assertThat(script("loop forever").then(script("say never")).isEndless()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "say",
        "bash",
        "write me a poem",
        "write a.txt <<END\nno end",
        "read two paths",
        "edit a.txt \"x\" \"y\"",
        "edit a.txt x => y",
        "tool Bash",
        "tool Bash [1]",
        "tool Bash {\"command\": }",
        "json {",
        "echo hi",
        "recall everything",
        "long 0 tokens",
        "long 200001 tokens",
        "slow 5 ms",
        "slow 0 ms per token",
        "wait 601 s",
        "wait a moment",
        "error 418",
        "error 500 times 0",
        "cut after 3",
        "stall after 3 events for 601 s",
        "task do it",
        "task do it:",
        "background ls",
        "parallel:\n  say not a tool",
        "parallel",
        "repeat 0:\n  bash a",
        "repeat 2:\n  some prose",
        "loop forever:\n  say only",
        "loop twice",
        "loop forever\nsay unreachable",
        "  bash indented",
        "repeat 1000:\n  repeat 11:\n    bash a"
      })
  void whatLooksLikeAStepAndIsNoneIsRefused(String text) {
    assertThatThrownBy(() -> Script.in(text))
        .isInstanceOf(ScriptProblem.class)
        .hasMessageContaining("(expected: ");
  }

  @Test
  void theRefusalNamesTheLineAndTheExpectation() {
    assertThatThrownBy(() -> Script.in("say a\n\nrepeat 2:\n  bash b\n  wait long\n"))
        .hasMessage("line 5: wait long (expected: wait N ms or wait N s, at most 600 s)");
  }

  private static Script script(String text) {
    return Script.in(text).orElseThrow();
  }

  private static Round round(Script script, int number) {
    return script.round(number).orElseThrow();
  }

  private static List<Step.Call> calls(Script script, int number) {
    return Optional.of(round(script, number).ending())
        .filter(Round.Calls.class::isInstance)
        .map(ending -> ((Round.Calls) ending).calls())
        .orElseThrow();
  }
}
