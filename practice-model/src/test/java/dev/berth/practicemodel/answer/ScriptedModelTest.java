package dev.berth.practicemodel.answer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptedModelTest {
  private final Chat chat = new Chat(ScriptedModel.withDemoScenarios());

  @Test
  void playsOneRoundForEachRequest() {
    chat.user("say first\nbash a\nbash b\nsay {{result}} it was");

    assertThat(Chat.texts(chat.reply())).isEqualTo("first");
    assertThat(Chat.commands(chat.reply())).containsExactly("a");
    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.TOOL_USE);
    assertThat(Chat.commands(chat.step("A").reply())).containsExactly("b");
    assertThat(chat.step("B").text()).isEqualTo("B it was");
    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.END_TURN);
  }

  @Test
  void aRepeatedRequestGetsTheSameAnswer() {
    chat.user("bash a");

    assertThat(chat.ask()).isEqualTo(chat.ask());
  }

  @Test
  void noTwoAnswersShareAnId() {
    chat.user("bash a");
    var first = chat.reply();
    chat.step("A").step();
    chat.user("bash a");
    var second = chat.reply();

    assertThat(first.id()).isNotEqualTo(second.id());
    assertThat(Chat.calls(first).getFirst().id()).isNotEqualTo(Chat.calls(second).getFirst().id());
  }

  @Test
  void idsOfOthersAreCountedByAnswers() {
    chat.user("bash a\nbash b\nbash c");
    var reply = chat.reply();
    chat.keep(
        new Reply(
            "msg_x",
            Purpose.SCRIPT,
            List.of(new Block.ToolUse("call_1", "Bash", Chat.calls(reply).getFirst().input())),
            Reply.Stop.TOOL_USE),
        1);

    assertThat(Chat.commands(chat.reply())).containsExactly("b");
  }

  @Test
  void goesOnWhenAskedTo() {
    chat.user("bash a\nbash b").step("A");

    assertThat(Chat.commands(chat.user("Continue from where you left off.").reply()))
        .containsExactly("b");
  }

  @Test
  void aDroppedCallIsMadeAgainUnderANewId() {
    chat.user("bash a");
    var dropped = Chat.calls(chat.reply()).getFirst();

    var again = Chat.calls(chat.user("continue").reply()).getFirst();

    assertThat(again.input()).isEqualTo(dropped.input());
    assertThat(again.id()).isNotEqualTo(dropped.id());
  }

  @Test
  void onlyTheCallsThatWereLostAreMadeAgain() {
    chat.user("say look\nparallel:\n  bash a\n  bash b\n  bash c\nsay end");
    var reply = chat.reply();
    chat.keep(reply, 3).results(reply, "A", "B");

    var rest = chat.reply();

    assertThat(Chat.commands(rest)).containsExactly("c");
    assertThat(Chat.texts(rest)).isEmpty();
    assertThat(chat.step("C").text()).isEqualTo("end");
  }

  @Test
  void goesOnWhereAnAnswerBrokeOff() {
    chat.user("say 0123456789\nbash a\nsay end");
    var reply = chat.reply();
    chat.keep(
        new Reply("m", Purpose.SCRIPT, List.of(new Block.Text("01234")), Reply.Stop.MAX_TOKENS), 1);
    chat.user("Output token limit hit. Resume directly.");

    assertThat(chat.text()).isEqualTo("56789");
    assertThat(Chat.commands(chat.reply())).isEqualTo(Chat.commands(reply));
  }

  @Test
  void hasNothingToAddToAWholeAnswerThatBrokeOff() {
    chat.user("say whole").step().user("Your response above was cut off mid-stream. Resume …");

    assertThat(chat.text()).isEqualTo("That was all.");
  }

  @Test
  void aNewScriptTakesOverAndAnUnknownMessageDoesNotGoOn() {
    chat.user("bash a\nbash b").step("A");

    assertThat(Chat.commands(chat.user("bash new").reply())).containsExactly("new");
    assertThat(chat.user("what is this?").text()).contains("practice model");
  }

  @Test
  void stepsThatAreAddedComeLast() {
    chat.user("bash a\nsay end").step("A");
    chat.system(
        "The user sent a new message while you were working:\nbash b\n\nThis is how Claude Code surfaces it.");

    assertThat(Chat.commands(chat.reply())).containsExactly("b");
    assertThat(chat.text()).isEqualTo("end");
    chat.step("B");
    chat.system("The user sent a new message while you were working:\nhello?");
    assertThat(chat.text()).isEqualTo("Noted what you said meanwhile: hello?");
  }

  @Test
  void malformedStepsAreExplained() {
    chat.user("bash a\nrepeat x:\n  bash b");

    assertThat(chat.text()).contains("line 2: repeat x:", "expected: repeat N:");
    assertThat(Chat.calls(chat.reply())).isEmpty();
    assertThat(chat.reply().purpose()).isEqualTo(Purpose.MALFORMED);
  }

  @Test
  void faultsAreCountedForEachPlace() {
    chat.user("error 529 times 2\ncut after 1 event\nbash a\nerror 500\nsay b");

    assertThat(chat.ask().fate()).isEqualTo(new Answer.Refused(529));
    assertThat(chat.ask().fate()).isEqualTo(new Answer.Refused(529));
    var cut = chat.ask();
    assertThat(cut.fate()).isEqualTo(new Answer.CutAfter(1));
    var whole = chat.ask();
    assertThat(whole.fate()).isEqualTo(new Answer.Whole());
    assertThat(whole.reply().id()).isNotEqualTo(cut.reply().id());
    chat.keep(whole.reply(), 1).results(whole.reply(), "A");
    assertThat(chat.ask().fate()).isEqualTo(new Answer.Refused(500));
    assertThat(chat.ask().fate()).isEqualTo(new Answer.Whole());
  }

  @Test
  void refusesEachTime() {
    chat.user("refuse no");

    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.REFUSAL);
    chat.step().user("Your response above was stopped by a safety classifier — …");
    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.REFUSAL);
  }

  @Test
  void thinksOnlyWhenAskedTo() {
    chat.user("think hm\nsay x");

    assertThat(chat.reply().blocks()).containsExactly(new Block.Text("x"));
    chat.set("thinking", "{\"type\": \"adaptive\"}");
    assertThat(chat.reply().blocks()).hasSize(2).first().isInstanceOf(Block.Thinking.class);
    chat.set("thinking", "{\"type\": \"enabled\", \"display\": \"omitted\"}");
    assertThat(((Block.Thinking) chat.reply().blocks().getFirst()).text()).isEmpty();
  }

  @Test
  void keepsToTheLimitsOfTheRequest() {
    chat.user("long 100 tokens").set("max_tokens", "7");

    assertThat(chat.reply().tokens()).isEqualTo(7);
    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.MAX_TOKENS);
    chat.forget().user("say one two three").set("stop_sequences", "[\"two\"]");
    assertThat(chat.text()).isEqualTo("one ");
    assertThat(chat.reply().stopSequence()).contains("two");
  }

  @Test
  void withoutToolsItSaysWhatItCannotCall() {
    chat.withoutTools().user("bash a");

    assertThat(chat.text()).isEqualTo("This request offers no tools (expected: Bash).");
  }

  @Test
  void structuredOutputGoesThroughTheToolWhereThereIsOne() {
    chat.user("json {\"a\": 1}");

    assertThat(chat.text()).isEqualTo("{\"a\":1}");
    chat.offer("StructuredOutput", "{\"type\": \"object\", \"required\": [\"a\"]}");
    assertThat(Chat.calls(chat.reply()).getFirst().name()).isEqualTo("StructuredOutput");
  }

  @Test
  void inventsStructuredOutputWhenTheAgentInsists() {
    chat.offer(
        "StructuredOutput",
        """
        {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
        """);
    chat.user("say x").step().user("[structured-output-enforce] You MUST call it.");

    assertThat(Chat.calls(chat.reply()).getFirst().input().path("n").asInt()).isEqualTo(1);
    assertThat(chat.step("ok").text()).isEqualTo("The script is over.");
  }

  @Test
  void recallsWhatWasSaid() {
    chat.user("say a\nmore").step().user("bash b").step("B").step().user("recall");

    assertThat(chat.text()).isEqualTo("You said before:\n- say a\n- bash b");
  }

  @Test
  void reportsBackgroundWorkWhenItIsOver() {
    chat.user("say started").step();
    chat.user(
        "<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\n<summary>it ended</summary>"
            + "</system-reminder>");

    assertThat(chat.text()).isEqualTo("Background work: it ended");
  }

  @Test
  void subagentsAreAskedToRunInTheForegroundWhereThatCanBeSaid() {
    chat.user("task look as Explore:\n  say x");

    var plain = Chat.calls(chat.reply()).getFirst();
    assertThat(plain.name()).isEqualTo("Agent");
    assertThat(plain.input().has("run_in_background")).isFalse();
    chat.offer("Agent", "{\"properties\": {\"run_in_background\": {}}}");
    var full = Chat.calls(chat.reply()).getFirst();
    assertThat(full.input().path("run_in_background").asBoolean(true)).isFalse();
    assertThat(full.input().path("subagent_type").asString()).isEqualTo("Explore");
  }

  @Test
  void aLongLoopStaysQuick() {
    chat.user("loop forever");
    for (var i = 0; i < 300; i++) {
      chat.step("x");
    }

    assertThat(Chat.commands(chat.reply())).containsExactly("echo round 301");
  }
}
