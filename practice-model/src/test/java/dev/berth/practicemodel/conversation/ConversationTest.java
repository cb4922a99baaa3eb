package dev.berth.practicemodel.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class ConversationTest {
  @Test
  void tellsTheWordsOfTheUserFromReminders() {
    var conversation =
        read(
            """
            [{"role": "user", "content": [
               {"type": "text", "text": "<system-reminder>\\nsay nothing\\n</system-reminder>\\n"},
               {"type": "text", "text": "say hello\\n<system-reminder>x</system-reminder>"}]},
             {"role": "system", "content": "# Environment\\nsay nothing"}]
            """);

    assertThat(conversation.moments()).containsExactly(new Moment.UserSaid("say hello"));
  }

  @Test
  void takesCallsThatTheConversationLostForMade() {
    var conversation =
        read(
            """
            [{"role": "user", "content": "go"},
             {"role": "user", "content": "Continue from where you left off.\\n<system-reminder>\\nThe sandbox was lost after these tool calls had ended, and so on:\\n- Bash (toolu_a) with {\\"command\\":\\"x\\"} gave:\\none\\n- Read (toolu_b) with {} gave:\\ntwo\\n</system-reminder>"}]
            """);

    assertThat(conversation.moments())
        .containsExactly(
            new Moment.UserSaid("go"),
            new Moment.ToolCalled("toolu_a", "Bash", 0),
            new Moment.ToolAnswered("toolu_a", "one", false),
            new Moment.ToolCalled("toolu_b", "Read", 2),
            new Moment.ToolAnswered("toolu_b", "two", false),
            new Moment.AskedToContinue());
  }

  @Test
  void doesNotTakeThePlaceOfAnImageForWordsOfTheUser() {
    var conversation =
        read(
            """
            [{"role": "user", "content": [
               {"type": "image", "source": {"type": "base64", "data": "x"}},
               {"type": "text", "text": "say seen\\n"},
               {"type": "text", "text": "[Image: source: /tmp/images/1.png]"}]}]
            """);

    assertThat(conversation.moments()).containsExactly(new Moment.UserSaid("say seen"));
  }

  @Test
  void readsCallsAndResults() {
    var conversation =
        read(
            """
            [{"role": "user", "content": "go"},
             {"role": "assistant", "content": [
               {"type": "thinking", "thinking": "hm", "signature": "s"},
               {"type": "text", "text": "I look."},
               {"type": "tool_use", "id": "a", "name": "Bash", "input": {}},
               {"type": "tool_use", "id": "b", "name": "Read", "input": {}}]},
             {"role": "user", "content": [
               {"type": "tool_result", "tool_use_id": "a", "content": "one"},
               {"type": "tool_result", "tool_use_id": "b", "is_error": true,
                "content": [{"type": "text", "text": "no"}, {"type": "text", "text": "file"}]}]}]
            """);

    assertThat(conversation.moments())
        .containsExactly(
            new Moment.UserSaid("go"),
            new Moment.ModelSaid("I look."),
            new Moment.ToolCalled("a", "Bash", 1),
            new Moment.ToolCalled("b", "Read", 1),
            new Moment.ToolAnswered("a", "one", false),
            new Moment.ToolAnswered("b", "no\nfile", true));
    assertThat(conversation.lastResults()).isEqualTo("one\nno\nfile");
  }

  @Test
  void findsWhatTheUserAddedWhileTheAgentWorked() {
    var added =
        """
        The user sent a new message while you were working:
        say more
        say even more

        This is how Claude Code surfaces messages the user sends mid-turn.\
        """;

    assertThat(AgentPhrases.inSystemText(added))
        .contains(new Moment.UserAdded("say more\nsay even more"));
    assertThat(AgentPhrases.inReminders("out\n<system-reminder>\n" + added + "</system-reminder>"))
        .containsExactly(new Moment.UserAdded("say more\nsay even more"));
  }

  @Test
  void resultsLoseTheirRemindersAndTheFrameOfASubagent() {
    assertThat(AgentPhrases.inToolResult("  out\n\n<system-reminder>\nx\n</system-reminder>"))
        .isEqualTo("  out");
    assertThat(
            AgentPhrases.inToolResult(
                "[Subagent hand-back] … The report follows:\n  two\n  lines\nagentId: a1 (use …)"))
        .isEqualTo("two\nlines");
  }

  @Test
  void aNotificationIsNotTheUser() {
    var text =
        "<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\n<summary>it ended</summary>\n"
            + "</system-reminder>";

    assertThat(AgentPhrases.inUserText(text)).containsExactly(new Moment.Notified("it ended"));
  }

  @Test
  void phrasesThatAskToGoOn() {
    assertThat(AgentPhrases.inUserText("Continue from where you left off."))
        .containsExactly(new Moment.AskedToContinue());
    assertThat(
            AgentPhrases.inUserText(
                "This session's worker process was restarted. If your previous turn was already"
                    + " complete, take no action. Otherwise, continue from where you left off."))
        .containsExactly(new Moment.AskedToContinue());
    assertThat(AgentPhrases.inUserText("continue\nsay something new"))
        .containsExactly(new Moment.UserSaid("continue\nsay something new"));
    assertThat(AgentPhrases.inUserText("Output token limit hit. Resume directly."))
        .containsExactly(new Moment.AnswerBrokeOff());
  }

  @Test
  void aSkillIsTheAgentsWhenAToolLoadedItAndTheUsersElse() {
    var skill = "Base directory for this skill: /x\\n\\nsay ahoy";

    var loaded =
        read(
            """
            [{"role": "user", "content": [
               {"type": "tool_result", "tool_use_id": "a", "content": "Launching skill: x"},
               {"type": "text", "text": "%s"}]}]
            """
                .formatted(skill));
    var typed = read("[{\"role\": \"user\", \"content\": \"%s\"}]".formatted(skill));

    assertThat(loaded.moments()).last().isInstanceOf(Moment.SkillLoaded.class);
    assertThat(typed.moments()).last().isInstanceOf(Moment.UserSaid.class);
  }

  @Test
  void noiseOfTheAgentIsNotHeard() {
    assertThat(AgentPhrases.inUserText("[Request interrupted by user for tool use]")).isEmpty();
    assertThat(AgentPhrases.inUserText("<command-name>/compact</command-name>")).isEmpty();
    assertThat(AgentPhrases.inModelText("No response requested.")).isEmpty();
  }

  @Test
  void theLastTextIsThatOfTheUser() {
    assertThat(read("[{\"role\": \"user\", \"content\": \"a\"}]").lastText()).isEqualTo("a");
    assertThat(
            read("""
            [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
            """)
                .lastText())
        .isEmpty();
  }

  private static Conversation read(String messages) {
    return Conversation.of(JsonMapper.shared().readTree(messages));
  }
}
