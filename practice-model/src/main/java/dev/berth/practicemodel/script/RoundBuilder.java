package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Groups steps into rounds: speech and conditions gather until a step ends the answer. */
final class RoundBuilder {
  private final List<Round> rounds = new ArrayList<>();
  private final List<Step.Speech> speech = new ArrayList<>();
  private final List<Step.Fault> faults = new ArrayList<>();
  private Duration delay = Duration.ZERO;
  private Duration perToken = Duration.ZERO;

  static List<Round> rounds(List<Step> steps) {
    var builder = new RoundBuilder();
    steps.forEach(builder::add);
    if (builder.isOpen()) {
      builder.close(new Round.Plain());
    }
    return List.copyOf(builder.rounds);
  }

  private void add(Step step) {
    switch (step) {
      case Step.Speech said -> speech.add(said);
      case Step.Wait(var before) -> delay = before;
      case Step.Slow(var pace) -> perToken = pace;
      case Step.Fault fault -> faults.add(fault);
      case Step.Call call -> close(new Round.Calls(List.of(call)));
      case Step.Parallel(var calls) -> close(new Round.Calls(calls));
      case Step.Structured structured -> close(new Round.Json(structured));
      case Step.Refuse refuse -> close(new Round.Refusal(refuse));
      case Step.Forever forever ->
          throw new IllegalArgumentException("unrolled before: " + forever);
    }
  }

  private boolean isOpen() {
    return !speech.isEmpty() || !faults.isEmpty() || !delay.isZero() || !perToken.isZero();
  }

  private void close(Round.Ending ending) {
    rounds.add(new Round(speech, ending, delay, perToken, faults));
    speech.clear();
    faults.clear();
    delay = Duration.ZERO;
    perToken = Duration.ZERO;
  }
}
