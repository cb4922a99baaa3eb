package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.script.Script;
import dev.berth.practicemodel.script.Template;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A demo prompt and the script that it stands for.
 *
 * <p>A file has a header of {@code name: value} lines, a line {@code ---}, and the script. Headers:
 * {@code try} (the prompt as it is shown to people), {@code pattern} (a regular expression that is
 * looked for in the message, in any case), {@code earlier} (one that must be found in an earlier
 * message of the user too). Named groups of both fill {@code {{group}}} in the script.
 */
record Scenario(String prompt, Pattern pattern, Optional<Pattern> earlier, String script) {
  private static final String END_OF_HEADER = "---";

  static Scenario read(String file) {
    var lines = file.lines().toList();
    var end = lines.indexOf(END_OF_HEADER);
    if (end < 0) {
      throw new IllegalArgumentException("scenario: no line --- (expected: header, ---, script)");
    }
    var header = new HashMap<String, String>();
    for (var line : lines.subList(0, end)) {
      var colon = line.indexOf(':');
      header.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
    }
    return new Scenario(
        header.getOrDefault("try", ""),
        compiled(header.getOrDefault("pattern", "")),
        Optional.ofNullable(header.get("earlier")).map(Scenario::compiled),
        String.join("\n", lines.subList(end + 1, lines.size())));
  }

  /**
   * The script for this message, if it is the one that is meant.
   *
   * @param before what the user said before, oldest first
   */
  Optional<Script> scriptFor(String message, List<String> before) {
    var now = pattern.matcher(message);
    if (!now.find()) {
      return Optional.empty();
    }
    if (earlier.isEmpty()) {
      return Script.in(Template.filled(script, groups(now)));
    }
    for (var text : before.reversed()) {
      var then = earlier.get().matcher(text);
      if (then.find()) {
        return Script.in(Template.filled(Template.filled(script, groups(now)), groups(then)));
      }
    }
    return Optional.empty();
  }

  private static Map<String, String> groups(Matcher matcher) {
    var groups = new HashMap<String, String>();
    for (var name : matcher.namedGroups().keySet()) {
      Optional.ofNullable(matcher.group(name)).ifPresent(value -> groups.put(name, value));
    }
    return groups;
  }

  private static Pattern compiled(String regex) {
    return Pattern.compile(regex, Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  }
}
