package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Errors, cut streams and answers that are too long, and how the real agent recovers. */
@Tag("e2e")
class SpoiledAnswersIT extends AgentTest {
  @Test
  void recoversFromErrors() {
    var run = agent().says("error 529 times 2\nerror 429\nerror 500\nsay Recovered.").run();

    assertThat(run.answer()).isEqualTo("Recovered.");
    assertThat(run.system("api_retry")).hasSize(4);
    assertThat(model.usage().failed()).isEqualTo(4);
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
  void recoversFromACutStream() {
    var run = agent().says("bash echo before\ncut after 3 events\nsay Whole at last.").run();

    assertThat(run.answer()).isEqualTo("Whole at last.");
    assertThat(run.commands()).containsExactly("echo before");
    assertThat(model.usage().cut().requests()).isEqualTo(1);
  }

  @Test
  void goesOnWithTheCallsWhenTheStreamIsCutAfterTheText() {
    var run = agent().says("cut after 4 events\nsay Now I look.\nbash echo once\nsay Seen.").run();

    assertThat(run.commands()).containsExactly("echo once");
    assertThat(run.answer()).isEqualTo("Seen.");
  }

  @Test
  void makesTheCallsThatWereLostWhenTheStreamIsCutBetweenThem() {
    var run =
        agent()
            .says(
                """
                cut after 4 events
                parallel:
                  bash echo left >> ran.txt
                  bash echo right >> ran.txt
                bash sort ran.txt
                echo last tool result
                """)
            .run();

    assertThat(run.answer()).isEqualTo("left\nright");
  }

  @Test
  void finishesAnAnswerThatIsLongerThanTheAgentAllows() {
    var run =
        agent()
            .environment("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "1000")
            .says("long 2500 tokens\nbash echo after\nsay Finished.")
            .run();

    assertThat(run.commands()).containsExactly("echo after");
    assertThat(run.answer()).isEqualTo("Finished.");
    assertThat(run.blocks("assistant", "text").mapToInt(b -> b.path("text").asString().length()))
        .startsWith(4000, 4000, 2000);
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
}
