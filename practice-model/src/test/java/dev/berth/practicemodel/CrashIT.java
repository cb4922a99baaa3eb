package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real agent is killed in the middle of a script and resumed: the script goes on. */
@Tag("e2e")
class CrashIT extends AgentTest {
  private static final String HANGS = "python3 -c 'import time; time.sleep(60)'";
  private static final String SCRIPT =
      """
      bash echo one >> ran.txt
      bash echo two >> ran.txt; %s
      bash echo three >> ran.txt
      say All three.
      """
          .formatted(HANGS);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  void goesOnAfterTheCallWhoseOutcomeIsUnknown() throws Exception {
    var session = killedInTheSecondStep();

    var run = goesOnByItself(session).run();

    assertThat(run.answer()).isEqualTo("All three.");
    assertThat(ran()).hasContent("one\ntwo\nthree\n");
  }

  @Test
  void asksAgainForACallThatWasDroppedUnderANewId() throws Exception {
    var session = killedInTheSecondStep();
    var before = agent().said().toolCallIds();

    var process =
        resumed(session)
            .environment("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1")
            .waitingForOneMore()
            .start();
    awaitRan("one\ntwo\ntwo\n");
    AgentSdk.kill(process);
    var after = agent().said().toolCallIds();

    assertThat(before).hasSize(2);
    assertThat(after).hasSize(1).doesNotContainAnyElementsOf(before);
  }

  @Test
  void goesOnWithAPromptOfItsOwn() throws Exception {
    var session = killedInTheSecondStep();

    var run = resumed(session).says("continue").run();

    assertThat(run.answer()).isEqualTo("All three.");
    assertThat(ran()).hasContent("one\ntwo\nthree\n");
  }

  @Test
  void aNewScriptTakesThePlaceOfTheUnfinishedOne() throws Exception {
    var session = killedInTheSecondStep();

    var run = resumed(session).says("bash echo new >> ran.txt\nsay New.").run();

    assertThat(run.answer()).isEqualTo("New.");
    assertThat(ran()).hasContent("one\ntwo\nnew\n");
  }

  @Test
  void keepsTheResultsOfParallelCallsThatWereDone() throws Exception {
    var script =
        """
        parallel:
          bash echo one >> ran.txt; echo first
          bash until grep one ran.txt; do :; done; echo two >> ran.txt; %s
        say {{result}}
        """
            .formatted(HANGS);
    var session = killed(script, "one\ntwo\n", "tool_result", 1);

    var run = goesOnByItself(session).run();

    assertThat(run.answer()).startsWith("first\n[Tool call interrupted");
    assertThat(ran()).hasContent("one\ntwo\n");
  }

  /** The agent drops the call of a subagent that was killed, so the model cannot know of it. */
  @Test
  void startsASubagentAgainThatWasKilled() throws Exception {
    var script =
        """
        bash echo one >> ran.txt
        task hang:
          bash echo two >> ran.txt; %s
        say never said
        """
            .formatted(HANGS);
    var session = killed(script, "one\ntwo\n", "tool_use", 3);
    var before = agent().said().toolCallIds();

    var process = goesOnByItself(session).start();
    awaitRan("one\ntwo\ntwo\n");
    AgentSdk.kill(process);

    assertThat(agent().said().toolCallIds()).hasSize(2).doesNotContainAnyElementsOf(before);
  }

  @Test
  void goesOnWithoutTheBackgroundCommandThatWasKilled() throws Exception {
    var script =
        """
        background bash echo one >> ran.txt; %s
        bash until grep one ran.txt; do :; done; echo two >> ran.txt; %s
        bash echo three >> ran.txt
        say All three.
        """
            .formatted(HANGS, HANGS);
    var session = killed(script, "one\ntwo\n", "tool_use", 2);

    var run = goesOnByItself(session).run();

    assertThat(run.results())
        .extracting(result -> result.path("result").asString())
        .contains("All three.");
    assertThat(ran()).hasContent("one\ntwo\nthree\n");
  }

  private String killedInTheSecondStep() throws Exception {
    return killed(SCRIPT, "one\ntwo\n", "tool_use", 2);
  }

  private String killed(String script, String whenRan, String blockType, int stored)
      throws Exception {
    var agent = agent().says(script);
    var process = agent.start();
    awaitRan(whenRan);
    agent.awaitStored(blockType, stored);
    AgentSdk.kill(process);
    return agent.said().sessionId();
  }

  private AgentSdk goesOnByItself(String session) {
    return resumed(session)
        .environment("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1")
        .environment("CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS", "1")
        .waitingForOneMore();
  }

  private AgentSdk resumed(String session) {
    return agent().option("resume", "\"" + session + "\"");
  }

  private Path ran() {
    return home.resolve("workspace/ran.txt");
  }

  private void awaitRan(String content) throws IOException, InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(ran()) || !Files.readString(ran()).equals(content)) {
      assertThat(System.nanoTime()).as("ran.txt is not yet " + content).isLessThan(deadline);
      Thread.sleep(20);
    }
  }
}
