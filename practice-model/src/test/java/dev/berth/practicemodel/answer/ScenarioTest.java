package dev.berth.practicemodel.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Step;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScenarioTest {
  private static final Scenario SCENARIO =
      Scenario.read(
          """
          try: Open box 5
          pattern: open box (?<box>\\d+)
          earlier: the key is (?<key>\\w+)
          ---
          bash open {{box}} --key {{key}}
          say {{result}}
          """);

  @Test
  void fillsWhatItFound() {
    var script = SCENARIO.scriptFor("Please OPEN box 12!", List.of("the key is a", "the key is b"));

    assertThat(script.orElseThrow().round(0).map(Round::ending))
        .contains(new Round.Calls(List.of(new Step.Bash("open 12 --key b", false))));
    assertThat(script.orElseThrow().round(1).orElseThrow().speech())
        .containsExactly(new Step.Say("{{result}}"));
  }

  @Test
  void needsWhatMustHaveBeenSaidEarlier() {
    assertThat(SCENARIO.scriptFor("open box 12", List.of("hello"))).isEmpty();
    assertThat(SCENARIO.scriptFor("close box 12", List.of("the key is a"))).isEmpty();
  }

  @Test
  void aFileWithoutAScriptIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Scenario.read("pattern: x\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Create primes.py that prints the first ten primes, run it, and tell me the output | true",
        "create p.py printing the first 10 primes | true",
        "What files are here? | true",
        "list all files | true",
        "Please remember the number -3. | true",
        "Make a small sales.csv and tell me the total per product | true",
        "Show me how you fix a failing test | true",
        "Remember the milk | false",
        "How are you? | false",
      })
  void demoPromptsAreKnown(String prompt, boolean known) {
    var script = Scenarios.load().scriptFor(prompt, List.of());

    assertThat(script.isPresent()).isEqualTo(known);
  }

  @Test
  void theIntroductionShowsThreePromptsThatWork() {
    var scenarios = Scenarios.load();

    var shown = scenarios.introduction().lines().filter(line -> line.startsWith("- ")).toList();

    assertThat(shown).hasSize(3);
    assertThat(shown)
        .extracting(line -> scenarios.scriptFor(line.substring(2), List.of()))
        .allMatch(Optional::isPresent);
  }
}
