package dev.berth.practicemodel.script;

import java.util.Locale;
import java.util.Optional;

/** The words that begin a step, each with the form that is expected of its line. */
enum Keyword {
  SAY("say TEXT, or say <<END and lines up to END"),
  THINK("think TEXT, or think <<END and lines up to END"),
  LONG("long N tokens, N from 1 to 200000"),
  ECHO("echo last tool result"),
  RECALL("recall"),
  JSON("json {…}, or json <<END and lines up to END"),
  REFUSE("refuse, or refuse TEXT"),
  BASH("bash COMMAND, or bash <<END and lines up to END"),
  BACKGROUND("background bash COMMAND, or background task DESCRIPTION: and indented lines"),
  WRITE("write PATH <<END and lines up to END"),
  READ("read PATH, one path without spaces"),
  EDIT("edit PATH \"old text\" => \"new text\", both as JSON strings"),
  TOOL("tool NAME {…}, or tool NAME <<END and lines up to END"),
  TASK("task DESCRIPTION: or task DESCRIPTION as AGENT: and indented lines"),
  PARALLEL("parallel: and indented tool steps"),
  REPEAT("repeat N: and indented steps, N from 1 to 1000"),
  LOOP("loop forever, or loop forever: and indented steps, the last one a tool step"),
  WAIT("wait N ms or wait N s, at most 600 s"),
  SLOW("slow N ms per token, at most 10000 ms"),
  ERROR("error 400|401|403|404|413|429|500|529, then nothing, times N or always"),
  CUT("cut after N events, then nothing or times N"),
  STALL("stall after N events, then nothing or for N s, at most 600 s");

  private final String expectation;

  Keyword(String expectation) {
    this.expectation = expectation;
  }

  String expectation() {
    return expectation;
  }

  /** The keyword that this line begins with; keywords are lower case. */
  static Optional<Keyword> of(String line) {
    var end = 0;
    while (end < line.length() && line.charAt(end) >= 'a' && line.charAt(end) <= 'z') {
      end++;
    }
    if (end < line.length() && ": ".indexOf(line.charAt(end)) < 0) {
      return Optional.empty();
    }
    var word = line.substring(0, end);
    for (var keyword : values()) {
      if (keyword.word().equals(word)) {
        return Optional.of(keyword);
      }
    }
    return Optional.empty();
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
