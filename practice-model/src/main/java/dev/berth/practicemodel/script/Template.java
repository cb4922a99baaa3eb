package dev.berth.practicemodel.script;

import java.util.List;
import java.util.Map;

/** The places in a script that are filled in later, written in double braces. */
public final class Template {
  /** What the tools of the last answer returned. */
  public static final String RESULT = "{{result}}";

  /** The number of the round of a repeat or a loop, from 1; the outermost one when nested. */
  static final String NUMBER = "{{i}}";

  private Template() {}

  static List<String> numbered(List<String> lines, long number) {
    return lines.stream().map(line -> line.replace(NUMBER, Long.toString(number))).toList();
  }

  /** Fills the named places; others stay as they are. */
  public static String filled(String text, Map<String, String> values) {
    var filled = text;
    for (var value : values.entrySet()) {
      filled = filled.replace("{{" + value.getKey() + "}}", value.getValue());
    }
    return filled;
  }
}
