package dev.berth.standalone.chaos;

import java.util.List;

/**
 * The sessions that are run under fire, by the script language of the practice model. Each tool
 * call that has an effect appends a line of its own to the file {@code effects}, or is noted by the
 * client; the line's first word is in that call alone, and so says whose it is.
 */
public enum Reference {
  TURNS(
      new Step.Send(
          """
          bash echo a1 >> effects
          bash echo a2 >> effects
          say done
          """,
          true),
      new Step.Send("bash echo a3 >> effects\nsay done", true)),
  PARALLEL(
      new Step.Send(
          """
          parallel:
            bash echo p1 >> effects
            bash echo p2 >> effects; python3 -c "import time; time.sleep(1)"
            bash echo p3 >> effects
          say done
          """,
          true)),
  QUEUE(
      new Step.Send("bash echo q1 >> effects\nsay done", false),
      new Step.Send("bash echo q2 >> effects\nsay done", false),
      new Step.Send("bash echo q3 >> effects\nsay done", true)),
  INTERRUPT(
      new Step.Send(
          "bash echo i1 >> effects; python3 -c \"import time; time.sleep(60)\"\nsay done", false),
      new Step.Interrupt(),
      new Step.Send("bash echo i2 >> effects\nsay done", true)),
  STREAM(
      new Step.Send(
          """
          slow 20 ms per token
          long 100 tokens
          bash echo s1 >> effects
          say done
          """,
          true)),
  // Each call leaves a line of its own: an agent that lost what it knew of a file may not edit it.
  WORKSPACE(
      new Step.Send(
          """
          write notes.txt <<END
          first
          END
          bash echo 1 $(cat notes.txt) >> effects
          edit notes.txt "first" => "second"
          bash echo 2 $(cat notes.txt) >> effects
          say done
          """,
          true)),
  SUBAGENT(
      new Step.Send(
          """
          task Look around:
            bash echo t1 >> effects
            say looked
          bash echo t2 >> effects
          say done
          """,
          true)),
  BACKGROUND(
      new Step.Send(
          """
          background bash python3 -c "import time; time.sleep(1)"; echo b1 >> effects
          bash echo b2 >> effects
          say done
          """,
          true)),
  /** Its client has a tool of its own, and its connection drops too. */
  CLIENT_TOOL(
      new Step.Send(
          """
          tool mcp__desk__note {"line": "c1"}
          bash echo c2 >> effects
          tool mcp__desk__note {"line": "c3"}
          say done
          """,
          true));

  @SuppressWarnings("ImmutableEnumChecker") // An unmodifiable list of records.
  private final List<Step> steps;

  Reference(Step... steps) {
    this.steps = List.of(steps);
  }

  List<Step> steps() {
    return steps;
  }

  /**
   * How many answers of the model can be under way at the same time. The task of a subagent begins
   * when the model has called it, which is some moments before the end of that answer.
   */
  int requestsAtOnce() {
    return this == SUBAGENT ? 2 : 1;
  }

  /**
   * How often the client itself may cut an answer: by each interrupt, and by the close when the
   * agent speaks outside a turn, as it does when a command in the background has ended.
   */
  int clientCuts() {
    var interrupts = (int) steps.stream().filter(Step.Interrupt.class::isInstance).count();
    return this == BACKGROUND ? interrupts + 1 : interrupts;
  }

  boolean usesTheDesk() {
    return this == CLIENT_TOOL;
  }

  /** What the client does. */
  sealed interface Step {
    /**
     * @param toTheEnd whether the client waits for the end of everything it has sent
     */
    record Send(String script, boolean toTheEnd) implements Step {}

    /** Ends what runs, when a tool has started. */
    record Interrupt() implements Step {}
  }
}
