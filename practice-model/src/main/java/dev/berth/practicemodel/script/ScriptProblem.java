package dev.berth.practicemodel.script;

/** A line that looks like a step and is none; the message names the line and the expectation. */
public final class ScriptProblem extends RuntimeException {
  private static final int SHOWN = 120;

  private ScriptProblem(String message) {
    super(message);
  }

  static ScriptProblem at(int number, String line, String expectation) {
    var shown = line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    return new ScriptProblem("line %d: %s (expected: %s)".formatted(number, shown, expectation));
  }
}
