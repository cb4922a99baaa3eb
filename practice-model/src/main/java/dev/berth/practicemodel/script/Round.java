package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.List;

/**
 * One answer of the model.
 *
 * @param delay before the first token
 * @param perToken between tokens
 * @param faults that spoil it first, in this order
 */
public record Round(
    List<Step.Speech> speech,
    Ending ending,
    Duration delay,
    Duration perToken,
    List<Step.Fault> faults) {
  public Round {
    speech = List.copyOf(speech);
    faults = List.copyOf(faults);
  }

  /** Whether the turn is over after it, if the agent does not ask again. */
  public boolean isLast() {
    return !(ending instanceof Calls);
  }

  /** How an answer ends. */
  public sealed interface Ending {}

  /** With nothing more to do. */
  public record Plain() implements Ending {}

  /** With tool calls, one or several. */
  public record Calls(List<Step.Call> calls) implements Ending {
    public Calls {
      calls = List.copyOf(calls);
    }
  }

  /** With a JSON value. */
  public record Json(Step.Structured step) implements Ending {}

  /** With a refusal. */
  public record Refusal(Step.Refuse step) implements Ending {}
}
