package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A script keeps its place through all that happens in a conversation of the real agent. */
@Tag("e2e")
class LongConversationsIT extends AgentTest {
  @Test
  void seesEarlierMessages() {
    var run = agent().says("say One.").says("bash echo two\nsay Two.").says("recall").run();

    assertThat(run.answer()).isEqualTo("You said before:\n- say One.\n- bash echo two");
  }

  @Test
  void doesWhatIsAddedDuringATool() {
    var run =
        agent()
            .says(
                """
                bash python3 -c 'import time; time.sleep(3)'
                say First script.
                """)
            .addsDuringTool("bash echo added\nsay Second script.")
            .run();

    assertThat(run.commands()).hasSize(2).last().isEqualTo("echo added");
    assertThat(run.answer()).contains("Second script.");
  }

  @Test
  void modelsThatGetRemindersInTheUsersMessagesFollowScriptsToo() {
    var run =
        agent()
            .option("model", "\"claude-sonnet-4-5\"")
            .says("bash echo one\necho last tool result")
            .says("bash python3 -c 'import time; time.sleep(3)'\nsay First.")
            .addsDuringTool("bash echo added\nsay Second.")
            .run();

    assertThat(run.answer(0)).isEqualTo("one");
    assertThat(run.answer(1)).contains("Second.");
    assertThat(run.commands()).last().isEqualTo("echo added");
  }

  @Test
  void goesOnAfterAnInterruption() {
    var run =
        agent()
            .says("bash python3 -c 'import time; time.sleep(30)'\nbash echo next\nsay Over.")
            .interruptsDuringTool()
            .says("continue")
            .run();

    assertThat(run.commands()).hasSize(2).last().isEqualTo("echo next");
    assertThat(run.answer()).isEqualTo("Over.");
  }

  @Test
  void remembersThroughACompaction() {
    var run =
        agent()
            .says("Remember the number 99")
            .says("/compact")
            .says("Which number did I ask you to remember?")
            .run();

    assertThat(run.system("compact_boundary")).hasSize(1);
    assertThat(run.answer()).isEqualTo("You asked me to remember the number 99.");
  }

  @Test
  void goesOnAfterACompactionInTheMiddleOfAScript() {
    var run =
        agent()
            .environment("CLAUDE_CODE_AUTO_COMPACT_WINDOW", "100000")
            .says(
                """
                bash echo one
                long 90000 tokens
                bash echo two
                bash echo three
                say Three steps.
                """)
            .run();

    assertThat(run.system("compact_boundary")).isNotEmpty();
    assertThat(run.commands()).containsExactly("echo one", "echo two", "echo three");
    assertThat(run.answer()).isEqualTo("Three steps.");
  }

  @Test
  void countsWhatTheAgentCounts() {
    var run =
        agent()
            .says("bash seq 1000\ntask count:\n  bash seq 500\n  say Counted.\nsay Done counting.")
            .run();

    var counted = run.results().getLast().path("modelUsage").values().iterator().next();
    var usage = model.usage().completed();
    assertThat(counted.path("inputTokens").asLong()).isEqualTo(usage.input());
    assertThat(counted.path("outputTokens").asLong()).isEqualTo(usage.output());
    assertThat(counted.path("cacheReadInputTokens").asLong()).isEqualTo(usage.cacheRead());
    assertThat(counted.path("cacheCreationInputTokens").asLong()).isEqualTo(usage.cacheWrite());
    assertThat(usage.cacheRead()).isPositive();
  }
}
