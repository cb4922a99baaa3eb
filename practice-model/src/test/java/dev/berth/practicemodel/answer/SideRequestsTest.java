package dev.berth.practicemodel.answer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SideRequestsTest {
  private static final String COMPACT =
      "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools. Your task is to create a summary.";

  private final Chat chat = new Chat(ScriptedModel.withDemoScenarios());

  @Test
  void namesASessionWithoutRunningTheScriptInIt() {
    chat.withoutTools()
        .user("<session>\nbash rm everything now please or later\n</session>\n\nName it.");

    assertThat(chat.reply().purpose()).isEqualTo(Purpose.TITLE);
    assertThat(chat.text()).isEqualTo("{\"title\":\"bash rm everything now please\"}");
  }

  @Test
  void aSummaryKeepsTheWordsOfTheUserAndTheUnfinishedScript() {
    chat.user("Remember the number 7").step();
    chat.user("bash <<END\necho '<b>'\nEND\nbash b\nbash c\nrecall").step("A");
    chat.system("The user sent a new message while you were working:\nsay added").step("B");
    var summary = chat.user(COMPACT).text();

    var after = new Chat(ScriptedModel.withDemoScenarios());
    after.user("This session is being continued from a previous conversation.\n" + summary);

    assertThat(summary).startsWith("<summary>").endsWith("</summary>").doesNotContain("<b>");
    assertThat(Chat.commands(after.reply())).containsExactly("c");
    assertThat(after.step("C").text())
        .isEqualTo("You said before:\n- Remember the number 7\nadded");
    assertThat(after.step().user("recall").text()).contains("- bash <<END");
    assertThat(after.step().user("Which number did I ask you to remember?").text())
        .contains("number 7");
  }

  @Test
  void aSummaryOfASummaryGoesOnToo() {
    chat.user("bash a\nbash b\nbash c").step("A");
    var first = chat.user(COMPACT).text();
    chat.forget().user("This session is being continued from a previous\n" + first).step("B");
    var second = chat.user(COMPACT).text();
    chat.forget().user("This session is being continued from a previous\n" + second);

    assertThat(Chat.commands(chat.reply())).containsExactly("c");
  }

  @Test
  void aSummaryOfAFinishedScriptLeavesNothingToDo() {
    chat.user("say done").step();
    var summary = chat.user(COMPACT).text();
    chat.forget().user("This session is being continued from a previous\n" + summary);

    assertThat(chat.text()).isEqualTo("Nothing was left to do.");
  }

  @Test
  void suggestsADemo() {
    chat.user("say x").step().user("[SUGGESTION MODE: Suggest what the user might type next]");

    assertThat(chat.text()).isEqualTo("What files are here?");
  }

  @Test
  void tellsProgressInFewWords() {
    chat.user("bash a").step("A").user("Describe your most recent action in 3-5 words");

    assertThat(chat.text()).isEqualTo("Following the practice script");
  }

  @Test
  void letsCommandsThroughTheSafetyMonitor() {
    chat.withoutTools()
        .set("system", "\"You are a security monitor for autonomous AI coding agents.\"")
        .set("stop_sequences", "[\"</block>\"]")
        .user("<transcript>\nbash a\n</transcript>");

    assertThat(chat.text()).isEqualTo("<block>no");
    assertThat(chat.reply().stop()).isEqualTo(Reply.Stop.STOP_SEQUENCE);
  }

  @Test
  void fitsTheSchemaOfAnyOtherSideRequest() {
    chat.withoutTools()
        .set(
            "output_config",
            """
            {"format": {"type": "json_schema", "schema": {"type": "object",
              "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}}}
            """)
        .user("Is it fine? {\"tool\": \"bash\"}");

    assertThat(chat.text()).isEqualTo("{\"ok\":true}");
  }

  @Test
  void doesNotSearchTheWeb() {
    chat.user("Perform a web search for the query: ships");

    assertThat(chat.text()).startsWith("No results");
  }

  @Test
  void answersAProbe() {
    chat.set("max_tokens", "1").user("quota");

    assertThat(chat.text()).isEqualTo("ok");
  }
}
