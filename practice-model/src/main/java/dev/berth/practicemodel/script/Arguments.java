package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What stands behind the keyword of a step; whatever does not fit is a {@link ScriptProblem}. */
final class Arguments {
  private static final Pattern TEXT = Pattern.compile("\\S.*");
  private static final Pattern UP_TO_MARK = Pattern.compile("(?:(.*\\S)\\s+)?<<([A-Z]+)");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Keyword keyword;
  private final String rest;
  private final Lines lines;

  Arguments(Keyword keyword, String rest, Lines lines) {
    this.keyword = keyword;
    this.rest = rest.strip();
    this.lines = lines;
  }

  String rest() {
    return rest;
  }

  ScriptProblem problem() {
    return lines.problem(keyword);
  }

  boolean startsWith(String word) {
    return rest.startsWith(word + " ");
  }

  /** What stands behind this word. */
  Arguments after(String word) {
    return new Arguments(keyword, rest.substring(word.length()), lines);
  }

  void only(String expected) {
    if (!rest.equals(expected)) {
      throw problem();
    }
  }

  Matcher match(Pattern pattern) {
    var matcher = pattern.matcher(rest);
    if (!matcher.matches()) {
      throw problem();
    }
    return matcher;
  }

  /** A text on this line, or on the next lines up to a mark. */
  String text() {
    var mark = UP_TO_MARK.matcher(rest);
    return mark.matches() && mark.group(1) == null
        ? lines.textUpTo(mark.group(2), keyword)
        : match(TEXT).group();
  }

  /** A word and a text on the next lines up to a mark. */
  Titled titledText() {
    var mark = match(UP_TO_MARK);
    if (mark.group(1) == null) {
      throw problem();
    }
    return new Titled(mark.group(1), lines.textUpTo(mark.group(2), keyword));
  }

  JsonNode json() {
    try {
      return JSON.readTree(text());
    } catch (JacksonException e) {
      throw problem();
    }
  }

  Lines.Block block() {
    return lines.block(keyword);
  }

  int number(Matcher matcher, int group, int least, int most) {
    var number = Long.parseLong(matcher.group(group));
    if (number < least || number > most) {
      throw problem();
    }
    return (int) number;
  }

  /** The groups are an amount and its unit, {@code ms} or {@code s}. */
  Duration duration(Matcher matcher, int group, Duration most) {
    var amount = Long.parseLong(matcher.group(group));
    var duration =
        matcher.group(group + 1).equals("s")
            ? Duration.ofSeconds(amount)
            : Duration.ofMillis(amount);
    if (duration.compareTo(most) > 0) {
      throw problem();
    }
    return duration;
  }

  record Titled(String title, String text) {}
}
