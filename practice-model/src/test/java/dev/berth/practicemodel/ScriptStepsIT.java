package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The steps of the script language, played to the real agent. */
@Tag("e2e")
class ScriptStepsIT extends AgentTest {
  private static final String SCHEMA =
      """
      {"type": "json_schema", "schema": {"type": "object",
        "properties": {"ships": {"type": "integer"}, "port": {"type": "string"}},
        "required": ["ships"], "additionalProperties": false}}
      """;

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
  void refuses() {
    var run = agent().says("bash echo before\nrefuse I would rather not.\nsay never said").run();

    assertThat(run.commands()).containsExactly("echo before");
    assertThat(run.answer()).contains("safeguards flagged");
  }

  @Test
  void loopsUntilTheAgentStopsIt() {
    var run = agent().option("maxTurns", "4").says("loop forever").run();

    assertThat(run.results().getFirst().path("subtype").asString()).isEqualTo("error_max_turns");
    assertThat(run.commands())
        .startsWith("echo round 1", "echo round 2", "echo round 3", "echo round 4");
  }
}
