package dev.berth.practicemodel.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rounds that a message asks for, in order; endless when it loops.
 *
 * <ul>
 *   <li>Adding steps at the end never changes the number of a round that ends in tool calls, so
 *       that a conversation keeps its place when the user adds something.
 * </ul>
 */
public final class Script {
  private final List<Step> steps;
  private final List<Round> head;
  private final List<String> loop;

  private Script(List<Step> steps) {
    this.steps = List.copyOf(steps);
    if (!steps.isEmpty() && steps.getLast() instanceof Step.Forever(var body)) {
      this.loop = body;
      this.head = RoundBuilder.rounds(unrolledOnce(steps, body));
    } else {
      this.loop = List.of();
      this.head = RoundBuilder.rounds(steps);
    }
  }

  /**
   * Reads the steps of a message; empty when it has none.
   *
   * @throws ScriptProblem for a line that looks like a step and is none
   */
  public static Optional<Script> in(String message) {
    var steps = ScriptParser.message(message);
    return steps.isEmpty() ? Optional.empty() : Optional.of(new Script(steps));
  }

  public static Script saying(String text) {
    return new Script(List.of(new Step.Say(text)));
  }

  /** This script and then another; a loop never gets to the other. */
  public Script then(Script next) {
    if (!loop.isEmpty()) {
      return this;
    }
    var all = new ArrayList<>(steps);
    all.addAll(next.steps);
    return new Script(all);
  }

  /** The round with this number, from 0; empty after the last. */
  public Optional<Round> round(int number) {
    if (number < head.size()) {
      return Optional.of(head.get(number));
    }
    if (loop.isEmpty()) {
      return Optional.empty();
    }
    var perLap = lap(1).size();
    var beyond = number - head.size();
    return Optional.of(lap(beyond / perLap + 2).get(beyond % perLap));
  }

  /** How many rounds it has; of a loop, those of the first lap. */
  public int size() {
    return head.size();
  }

  public boolean isEndless() {
    return !loop.isEmpty();
  }

  private List<Round> lap(int number) {
    return RoundBuilder.rounds(ScriptParser.block(Template.numbered(loop, number)));
  }

  private static List<Step> unrolledOnce(List<Step> steps, List<String> body) {
    var unrolled = new ArrayList<>(steps.subList(0, steps.size() - 1));
    unrolled.addAll(ScriptParser.block(Template.numbered(body, 1)));
    return unrolled;
  }
}
