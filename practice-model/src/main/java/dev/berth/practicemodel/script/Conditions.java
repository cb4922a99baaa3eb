package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the steps that shape the next answer. */
final class Conditions {
  private static final int MAX_EVENTS = 1_000_000;
  private static final int MAX_TIMES = 1_000_000;
  private static final int MAX_PACE_MS = 10_000;
  private static final Duration MAX_WAIT = Duration.ofMinutes(10);

  private static final Pattern WAIT = Pattern.compile("(\\d{1,6}) (ms|s)");
  private static final Pattern SLOW = Pattern.compile("(\\d{1,6}) ms per token");
  private static final Pattern ERROR =
      Pattern.compile("(400|401|403|404|413|429|500|529)(?: times (\\d{1,7})| (always))?");
  private static final Pattern CUT =
      Pattern.compile("after (\\d{1,7}) events?(?: times (\\d{1,7}))?");
  private static final Pattern STALL =
      Pattern.compile("after (\\d{1,7}) events?(?: for (\\d{1,6}) (ms|s))?");

  private Conditions() {}

  static Step wait(Arguments arguments) {
    return new Step.Wait(arguments.duration(arguments.match(WAIT), 1, MAX_WAIT));
  }

  static Step slow(Arguments arguments) {
    var millis = arguments.number(arguments.match(SLOW), 1, 1, MAX_PACE_MS);
    return new Step.Slow(Duration.ofMillis(millis));
  }

  static Step error(Arguments arguments) {
    var error = arguments.match(ERROR);
    var times = error.group(3) == null ? times(arguments, error) : Step.Fault.ALWAYS;
    return new Step.Fail(Integer.parseInt(error.group(1)), times);
  }

  static Step cut(Arguments arguments) {
    var cut = arguments.match(CUT);
    return new Step.Cut(arguments.number(cut, 1, 0, MAX_EVENTS), times(arguments, cut));
  }

  static Step stall(Arguments arguments) {
    var stall = arguments.match(STALL);
    var duration = stall.group(2) == null ? MAX_WAIT : arguments.duration(stall, 2, MAX_WAIT);
    return new Step.Stall(arguments.number(stall, 1, 0, MAX_EVENTS), duration, 1);
  }

  private static int times(Arguments arguments, Matcher matcher) {
    return matcher.group(2) == null ? 1 : arguments.number(matcher, 2, 1, MAX_TIMES);
  }
}
