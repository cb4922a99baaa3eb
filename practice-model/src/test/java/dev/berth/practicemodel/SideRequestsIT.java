package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.practicemodel.readback.AnsweredRequest;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the real agent asks and injects beside the conversation. */
@Tag("e2e")
class SideRequestsIT extends AgentTest {
  @Test
  void sideRequestsGetTheirAnswersAndDoNotRunTheScript() {
    var run =
        agent()
            .option("promptSuggestions", "true")
            .says("say One.")
            .says("bash echo two\nsay Two.")
            .saysAfterSuggestion("say Three.")
            .run();

    assertThat(run.commands()).containsExactly("echo two");
    assertThat(run.ofType("prompt_suggestion"))
        .anyMatch(message -> message.toString().contains("What files are here?"));
    assertThat(model.requests())
        .extracting(AnsweredRequest::purpose)
        .contains("title", "script", "suggestion")
        .doesNotContain("introduction");
  }

  @Test
  void promptHooksAreSatisfied() throws IOException {
    var agent = agent();
    settings(
        agent,
        """
        {"hooks": {"Stop": [{"hooks": [{"type": "prompt", "prompt": "Done? $ARGUMENTS"}]}],
          "PreToolUse": [{"hooks": [{"type": "prompt", "prompt": "Fine? $ARGUMENTS"}]}]}}
        """);

    var run = agent.says("bash echo allowed\necho last tool result").run();

    assertThat(run.answer()).isEqualTo("allowed");
    assertThat(model.requests())
        .filteredOn(request -> request.purpose().equals("structured"))
        .hasSize(2);
  }

  @Test
  void aStopHookThatIsNotContentIsToldThatTheScriptIsOver() throws IOException {
    var agent = agent();
    settings(
        agent,
        """
        {"hooks": {"Stop": [{"hooks": [{"type": "command",
          "command": "test -e stopped && exit 0; touch stopped; echo again >&2; exit 2"}]}]}}
        """);

    var run = agent.says("bash echo once\nsay Done so far.").run();

    assertThat(run.commands()).containsExactly("echo once");
    assertThat(run.answer()).isEqualTo("The script is over.");
  }

  @Test
  void stepsOfASkillComeAfterThoseOfTheScript() throws IOException {
    var agent = agent();
    var skill = Files.createDirectories(agent.workspace().resolve(".claude/skills/anchor"));
    Files.writeString(
        skill.resolve("SKILL.md"),
        """
        ---
        name: anchor
        description: drops the anchor
        ---
        # Anchor
        bash echo anchored
        echo last tool result
        """);
    settings(agent, "{}");

    var run = agent.says("tool Skill {\"skill\": \"anchor\"}\nbash echo sailing").run();

    assertThat(run.commands()).containsExactly("echo sailing", "echo anchored");
    assertThat(run.answer()).isEqualTo("anchored");
  }

  @Test
  void theSafetyMonitorOfAutoModeLetsCommandsThrough() {
    var agent = agent();

    var run =
        agent
            .option("permissionMode", "\"auto\"")
            .says(
                "bash touch made.txt; curl -s http://127.0.0.1:9/; echo made\necho last tool result")
            .run();

    assertThat(agent.workspace().resolve("made.txt")).exists();
    assertThat(run.answer()).isEqualTo("made");
    assertThat(model.requests()).extracting(AnsweredRequest::purpose).contains("safety");
  }

  private static void settings(AgentSdk agent, String json) throws IOException {
    var folder = Files.createDirectories(agent.workspace().resolve(".claude"));
    Files.writeString(folder.resolve("settings.json"), json);
    agent.option("settingSources", "[\"project\"]");
  }
}
