package dev.berth.practicemodel.script;

import java.util.ArrayList;
import java.util.List;

/** A cursor over the lines of a script that knows indented blocks and texts up to a mark. */
final class Lines {
  private final List<String> lines;
  private final int offset;
  private int next;

  /**
   * @param offset how many lines of the message stand before these
   */
  Lines(List<String> lines, int offset) {
    this.lines = lines;
    this.offset = offset;
  }

  boolean hasNext() {
    return next < lines.size();
  }

  String next() {
    return lines.get(next++).stripTrailing();
  }

  /** The number, in the message, of the line that was read last. */
  int number() {
    return offset + next;
  }

  ScriptProblem problem(Keyword keyword) {
    return ScriptProblem.at(number(), lines.get(next - 1).strip(), keyword.expectation());
  }

  /** The lines up to one that is only the mark, which is consumed. */
  String textUpTo(String mark, Keyword keyword) {
    var problem = problem(keyword);
    var text = new ArrayList<String>();
    while (hasNext()) {
      var line = lines.get(next++);
      if (line.strip().equals(mark)) {
        return String.join("\n", text);
      }
      text.add(line);
    }
    throw problem;
  }

  /** The following lines that are indented or blank, without their common indentation. */
  Block block(Keyword keyword) {
    var problem = problem(keyword);
    var start = next;
    var end = next;
    while (hasNext() && (lines.get(next).isBlank() || indented(lines.get(next)))) {
      end = lines.get(next).isBlank() ? end : next + 1;
      next++;
    }
    if (end == start) {
      throw problem;
    }
    next = end;
    var text = String.join("\n", lines.subList(start, end)).stripIndent();
    return new Block(List.of(text.split("\n", -1)), offset + start);
  }

  static boolean indented(String line) {
    return line.startsWith(" ") || line.startsWith("\t");
  }

  record Block(List<String> lines, int offset) {
    Lines cursor() {
      return new Lines(lines, offset);
    }
  }
}
