package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script language, played to the real agent. */
@Tag("e2e")
class AgentSdkIT {
  @TempDir private Path home;
  private PracticeModel model;

  @BeforeEach
  void startModel() {
    model = PracticeModel.start("127.0.0.1", 0);
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  @Test
  void takesStepAfterStep() throws IOException {
    var agent = agent();

    var run =
        agent
            .says(
                """
                Please follow this script.
                say First I write.
                write notes/a.txt <<END
                one
                two
                END
                edit notes/a.txt "two" => "three"
                read notes/a.txt
                bash cat notes/a.txt | tr a-z A-Z
                echo last tool result
                """)
            .run();

    assertThat(agent.workspace().resolve("notes/a.txt")).hasContent("one\nthree\n");
    assertThat(run.answer()).isEqualTo("ONE\nTHREE");
    assertThat(run.toolCallIds()).hasSize(4).doesNotHaveDuplicates();
  }

  @Test
  void callsToolsInParallel() {
    var run =
        agent()
            .says(
                """
                parallel:
                  bash echo left > left.txt; echo left
                  bash echo right > right.txt; echo right
                  bash exit 3
                say {{result}}
                """)
            .run();

    assertThat(run.answer()).contains("left\nright").contains("Exit code 3");
    assertThat(model.requests())
        .filteredOn(request -> request.purpose().equals("script"))
        .hasSize(2);
  }

  @Test
  void aSubagentFollowsItsOwnScript() {
    var agent = agent();

    var run =
        agent
            .says(
                """
                task look around:
                  bash echo from below > below.txt
                  say The subagent was here.
                say Report: {{result}}
                """)
            .run();

    assertThat(agent.workspace().resolve("below.txt")).hasContent("from below");
    assertThat(run.answer()).isEqualTo("Report: The subagent was here.");
    assertThat(model.requests()).anyMatch(request -> request.conversation().contains("/"));
  }

  @Test
  void aBackgroundSubagentReportsLater() {
    var run =
        agent()
            .says(
                """
                background task look around:
                  wait 1 s
                  say The subagent is done.
                say I do not wait for it.
                """)
            .waitingForOneMore()
            .run();

    assertThat(run.answer(0)).isEqualTo("I do not wait for it.");
    assertThat(run.answer(1)).startsWith("Background work: ").contains("look around");
  }

  @Test
  void aBackgroundCommandReportsLater() {
    var agent = agent();

    var run =
        agent
            .says(
                """
                background bash python3 -c 'import time; time.sleep(1)'; echo late > late.txt
                say It runs.
                """)
            .waitingForOneMore()
            .run();

    assertThat(agent.workspace().resolve("late.txt")).hasContent("late");
    assertThat(run.answer(0)).isEqualTo("It runs.");
    assertThat(run.answer(1)).startsWith("Background work: ").contains("completed");
  }

  @Test
  void callsAClientSideTool() {
    var run =
        agent()
            .withShop()
            .says(
                """
                tool mcp__shop__price {"item": "egg", "count": 6}
                say The shop says: {{result}}
                """)
            .run();

    assertThat(run.answer()).isEqualTo("The shop says: 6 of egg cost 42");
  }

  @Test
  void givesStructuredOutput() {
    var run =
        agent()
            .option("outputFormat", SCHEMA)
            .says("bash echo 1\njson {\"ships\": 3, \"port\": \"Kiel\"}")
            .run();

    var output = run.results().getFirst().path("structured_output");
    assertThat(output.path("ships").asInt()).isEqualTo(3);
    assertThat(output.path("port").asString()).isEqualTo("Kiel");
  }

  @Test
  void givesSomeStructuredOutputWhenTheScriptHasNone() {
    var run = agent().option("outputFormat", SCHEMA).says("say I have no output.").run();

    var output = run.results().getFirst().path("structured_output");
    assertThat(output.path("ships").isInt()).isTrue();
  }

  @Test
  void recoversFromErrors() {
    var run = agent().says("error 529 times 2\nerror 429\nerror 500\nsay Recovered.").run();

    assertThat(run.answer()).isEqualTo("Recovered.");
    assertThat(run.system("api_retry")).hasSize(4);
    assertThat(model.usage().failed()).isEqualTo(4);
  }

  @Test
  void recoversFromACutStream() {
    var run = agent().says("bash echo before\ncut after 4 events\nsay Whole at last.").run();

    assertThat(run.answer()).isEqualTo("Whole at last.");
    assertThat(run.commands()).containsExactly("echo before");
    assertThat(model.usage().cut().requests()).isEqualTo(1);
  }

  @Test
  void aLastingErrorEndsTheTurnAndTheNextMessageGoesOn() {
    var run =
        agent()
            .environment("CLAUDE_CODE_MAX_RETRIES", "1")
            .says("bash echo before\nerror 529 times 2\nbash echo after\nsay Through.")
            .says("continue")
            .run();

    assertThat(run.results().getFirst().path("is_error").asBoolean()).isTrue();
    assertThat(run.answer()).isEqualTo("Through.");
    assertThat(run.commands()).containsExactly("echo before", "echo after");
  }

  @Test
  void refuses() {
    var run = agent().says("bash echo before\nrefuse I would rather not.\nsay never said").run();

    assertThat(run.commands()).containsExactly("echo before");
    assertThat(run.answer()).contains("safeguards flagged");
  }

  @Test
  void thinks() {
    var run = agent().says("think Hm, where are the ships?\nbash echo ships\nsay Here.").run();

    assertThat(run.blocks("assistant", "thinking"))
        .singleElement()
        .satisfies(block ->
            assertThat(block.path("thinking").asString()).isEqualTo("Hm, where are the ships?"));
    assertThat(run.answer()).isEqualTo("Here.");
  }

  @Test
  void streamsSlowlyAndLong() {
    var run =
        agent()
            .option("includePartialMessages", "true")
            .says("slow 1 ms per token\nlong 300 tokens")
            .run();

    assertThat(run.answer()).hasSize(1_200);
    assertThat(run.ofType("stream_event")).hasSizeGreaterThan(300);
    assertThat(run.results().getFirst().path("usage").path("output_tokens").asInt()).isEqualTo(300);
  }

  @Test
  void loopsUntilTheAgentStopsIt() {
    var run = agent().option("maxTurns", "4").says("loop forever").run();

    assertThat(run.results().getFirst().path("subtype").asString()).isEqualTo("error_max_turns");
    assertThat(run.commands())
        .startsWith("echo round 1", "echo round 2", "echo round 3", "echo round 4");
  }

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
  void aRefusedKeyEndsInAnAuthenticationError() {
    var run =
        agent()
            .environment("ANTHROPIC_API_KEY", "practice-invalid-1")
            .environment("CLAUDE_CODE_MAX_RETRIES", "0")
            .says("say never said")
            .run();

    assertThat(run.results().getFirst().path("is_error").asBoolean()).isTrue();
    assertThat(run.results().getFirst().path("api_error_status").asInt()).isEqualTo(401);
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

  @Test
  void sideRequestsGetTheirAnswersAndDoNotRunTheScript() {
    var run =
        agent()
            .option("promptSuggestions", "true")
            .says("say One.")
            .says("bash echo two\nsay Two.")
            .run();

    assertThat(run.commands()).containsExactly("echo two");
    assertThat(model.requests()).extracting("purpose").contains("title", "script");
    assertThat(model.requests()).extracting("purpose").doesNotContain("introduction");
  }

  @Test
  void theSafetyMonitorOfAutoModeLetsCommandsThrough() {
    var agent = agent();

    var run =
        agent
            .option("permissionMode", "\"auto\"")
            .says("bash touch made.txt; echo made\necho last tool result")
            .run();

    assertThat(agent.workspace().resolve("made.txt")).exists();
    assertThat(run.answer()).isEqualTo("made");
    assertThat(model.requests()).extracting("purpose").contains("safety");
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

  private AgentSdk agent() {
    return AgentSdk.in(home, model.baseUrl());
  }

  private static final String SCHEMA =
      """
      {"type": "json_schema", "schema": {"type": "object",
        "properties": {"ships": {"type": "integer"}, "port": {"type": "string"}},
        "required": ["ships"], "additionalProperties": false}}
      """;
}
