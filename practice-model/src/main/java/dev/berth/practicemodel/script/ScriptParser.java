package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the steps out of a message.
 *
 * <ul>
 *   <li>A line that begins with a keyword is a step, anything else at the margin is prose and
 *       ignored. Within a block only steps are allowed.
 *   <li>Errors: {@link ScriptProblem} for the first line that looks like a step and is none.
 * </ul>
 */
final class ScriptParser {
  private static final int MAX_STEPS = 10_000;
  private static final int MAX_REPEATS = 1_000;
  private static final int MAX_FILLER = 200_000;
  private static final int MAX_EVENTS = 1_000_000;
  private static final Duration MAX_WAIT = Duration.ofMinutes(10);
  private static final Duration MAX_PACE = Duration.ofSeconds(10);

  private static final Pattern UP_TO_MARK = Pattern.compile("(?:(.*\\S)\\s+)?<<([A-Z]+)");
  private static final Pattern TASK = Pattern.compile("(\\S.*?)(?:\\s+as\\s+([\\w-]+))?:");
  private static final Pattern TOOL = Pattern.compile("([\\w-]+)\\s+(\\S.*)");
  private static final Pattern WAIT = Pattern.compile("(\\d{1,6}) (ms|s)");
  private static final Pattern SLOW = Pattern.compile("(\\d{1,5}) ms per token");
  private static final Pattern LONG = Pattern.compile("(\\d{1,6}) tokens");
  private static final Pattern REPEAT = Pattern.compile("(\\d{1,4}):");
  private static final Pattern ERROR =
      Pattern.compile("(400|401|403|404|413|429|500|529)(?: times (\\d{1,6})| (always))?");
  private static final Pattern CUT =
      Pattern.compile("after (\\d{1,7}) events?(?: times (\\d{1,6}))?");
  private static final Pattern STALL =
      Pattern.compile("after (\\d{1,7}) events?(?: for (\\d{1,6}) (ms|s))?");
  private static final String EDIT_ARROW = "=>";
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Lines lines;
  private final boolean block;

  private ScriptParser(Lines lines, boolean block) {
    this.lines = lines;
    this.block = block;
  }

  static List<Step> message(String text) {
    return new ScriptParser(new Lines(text.lines().toList(), 0), false).steps();
  }

  static List<Step> block(List<String> body) {
    return new ScriptParser(new Lines(body, 0), true).steps();
  }

  private List<Step> steps() {
    var steps = new ArrayList<Step>();
    while (lines.hasNext()) {
      var line = lines.next();
      var keyword = Keyword.of(line.strip());
      if (keyword.isPresent()) {
        refuseIndented(line, keyword.get());
        refuseAfterLoop(steps);
        addStep(keyword.get(), line.substring(keyword.get().word().length()).strip(), steps);
      } else if (block && !line.isBlank()) {
        throw ScriptProblem.at(lines.number(), line, "only steps within a block");
      }
    }
    return steps;
  }

  private void refuseIndented(String line, Keyword keyword) {
    if (Lines.indented(line)) {
      throw ScriptProblem.at(
          lines.number(), line, keyword.word() + " at the start of the line, or in a block");
    }
  }

  private void refuseAfterLoop(List<Step> steps) {
    if (!steps.isEmpty() && steps.getLast() instanceof Step.Forever) {
      throw lines.problem(Keyword.LOOP);
    }
  }

  private void addStep(Keyword keyword, String rest, List<Step> steps) {
    if (keyword == Keyword.REPEAT) {
      steps.addAll(repeated(rest));
    } else {
      steps.add(step(keyword, rest));
    }
    if (steps.size() > MAX_STEPS) {
      throw ScriptProblem.at(lines.number(), keyword.word(), "at most " + MAX_STEPS + " steps");
    }
  }

  private Step step(Keyword keyword, String rest) {
    return switch (keyword) {
      case SAY -> new Step.Say(text(keyword, rest));
      case THINK -> new Step.Think(text(keyword, rest));
      case LONG ->
          new Step.Filler(number(keyword, match(keyword, LONG, rest).group(1), MAX_FILLER));
      case ECHO -> echo(rest);
      case RECALL -> recall(rest);
      case JSON -> new Step.Structured(json(keyword, text(keyword, rest)));
      case REFUSE -> new Step.Refuse(rest);
      case BASH -> new Step.Bash(text(keyword, rest), false);
      case BACKGROUND -> background(rest);
      case WRITE -> write(rest);
      case READ -> new Step.Read(match(keyword, Pattern.compile("\\S+"), rest).group());
      case EDIT -> edit(rest);
      case TOOL -> tool(rest);
      case TASK -> task(keyword, rest, false);
      case PARALLEL -> parallel(rest);
      case LOOP -> forever(rest);
      case WAIT -> new Step.Wait(duration(keyword, match(keyword, WAIT, rest), 1, MAX_WAIT));
      case SLOW -> slow(rest);
      case ERROR -> fail(rest);
      case CUT -> cut(rest);
      case STALL -> stall(rest);
      case REPEAT -> throw new IllegalStateException("repeat becomes several steps");
    };
  }

  private String text(Keyword keyword, String rest) {
    var upTo = UP_TO_MARK.matcher(rest);
    if (upTo.matches() && upTo.group(1) == null) {
      return lines.textUpTo(upTo.group(2), keyword);
    }
    return match(keyword, Pattern.compile("\\S.*"), rest).group();
  }

  private Step echo(String rest) {
    match(Keyword.ECHO, Pattern.compile("last tool result"), rest);
    return new Step.Say(Template.RESULT);
  }

  private Step recall(String rest) {
    match(Keyword.RECALL, Pattern.compile(""), rest);
    return new Step.Recall();
  }

  private Step.Call background(String rest) {
    var keyword = Keyword.BACKGROUND;
    if (rest.startsWith("bash ")) {
      return new Step.Bash(text(keyword, rest.substring("bash ".length()).strip()), true);
    }
    if (rest.startsWith("task ")) {
      return task(keyword, rest.substring("task ".length()).strip(), true);
    }
    throw lines.problem(keyword);
  }

  private Step write(String rest) {
    var upTo = match(Keyword.WRITE, UP_TO_MARK, rest);
    if (upTo.group(1) == null) {
      throw lines.problem(Keyword.WRITE);
    }
    return new Step.Write(upTo.group(1), lines.textUpTo(upTo.group(2), Keyword.WRITE) + "\n");
  }

  private Step edit(String rest) {
    var quote = rest.indexOf(" \"");
    if (quote < 0) {
      throw lines.problem(Keyword.EDIT);
    }
    var texts = rest.substring(quote).strip();
    for (var arrow = texts.indexOf(EDIT_ARROW);
        arrow >= 0;
        arrow = texts.indexOf(EDIT_ARROW, arrow + 1)) {
      var before = texts.substring(0, arrow).strip();
      var after = texts.substring(arrow + EDIT_ARROW.length()).strip();
      if (isJsonString(before) && isJsonString(after)) {
        return new Step.Edit(
            rest.substring(0, quote).strip(),
            JSON.readValue(before, String.class),
            JSON.readValue(after, String.class));
      }
    }
    throw lines.problem(Keyword.EDIT);
  }

  private static boolean isJsonString(String text) {
    try {
      return text.startsWith("\"") && JSON.readTree(text).isString();
    } catch (JacksonException e) {
      return false;
    }
  }

  private Step.Call tool(String rest) {
    var tool = match(Keyword.TOOL, TOOL, rest);
    var input = json(Keyword.TOOL, text(Keyword.TOOL, tool.group(2)));
    if (!input.isObject()) {
      throw lines.problem(Keyword.TOOL);
    }
    return new Step.Tool(tool.group(1), input);
  }

  private Step.Call task(Keyword keyword, String rest, boolean background) {
    var task = match(keyword, TASK, rest);
    var script = String.join("\n", lines.block(keyword).lines());
    return new Step.Task(task.group(1), task.group(2), script, background);
  }

  private Step parallel(String rest) {
    match(Keyword.PARALLEL, Pattern.compile(":"), rest);
    var problem = lines.problem(Keyword.PARALLEL);
    var calls = new ArrayList<Step.Call>();
    for (var step : new ScriptParser(lines.block(Keyword.PARALLEL).cursor(), true).steps()) {
      if (!(step instanceof Step.Call call)) {
        throw problem;
      }
      calls.add(call);
    }
    return new Step.Parallel(calls);
  }

  private List<Step> repeated(String rest) {
    var times = number(Keyword.REPEAT, match(Keyword.REPEAT, REPEAT, rest).group(1), MAX_REPEATS);
    var body = lines.block(Keyword.REPEAT);
    var steps = new ArrayList<Step>();
    for (var i = 1; i <= times && steps.size() <= MAX_STEPS; i++) {
      var numbered = new Lines(Template.numbered(body.lines(), i), body.offset());
      steps.addAll(new ScriptParser(numbered, true).steps());
    }
    return steps;
  }

  private Step forever(String rest) {
    if (rest.equals("forever")) {
      return new Step.Forever(List.of("bash echo round " + Template.NUMBER));
    }
    match(Keyword.LOOP, Pattern.compile("forever:"), rest);
    var problem = lines.problem(Keyword.LOOP);
    var body = lines.block(Keyword.LOOP);
    var steps = new ScriptParser(body.cursor(), true).steps();
    if (steps.isEmpty()
        || !(steps.getLast() instanceof Step.Call || steps.getLast() instanceof Step.Parallel)) {
      throw problem;
    }
    return new Step.Forever(body.lines());
  }

  private Step slow(String rest) {
    var millis = match(Keyword.SLOW, SLOW, rest).group(1);
    return new Step.Slow(
        Duration.ofMillis(number(Keyword.SLOW, millis, (int) MAX_PACE.toMillis())));
  }

  private Step fail(String rest) {
    var error = match(Keyword.ERROR, ERROR, rest);
    var times = error.group(3) == null ? times(Keyword.ERROR, error, 2) : Step.Fault.ALWAYS;
    return new Step.Fail(Integer.parseInt(error.group(1)), times);
  }

  private Step cut(String rest) {
    var cut = match(Keyword.CUT, CUT, rest);
    return new Step.Cut(events(Keyword.CUT, cut), times(Keyword.CUT, cut, 2));
  }

  private Step stall(String rest) {
    var stall = match(Keyword.STALL, STALL, rest);
    var duration = stall.group(2) == null ? MAX_WAIT : duration(Keyword.STALL, stall, 2, MAX_WAIT);
    return new Step.Stall(events(Keyword.STALL, stall), duration, 1);
  }

  private int events(Keyword keyword, Matcher matcher) {
    var events = Integer.parseInt(matcher.group(1));
    if (events > MAX_EVENTS) {
      throw lines.problem(keyword);
    }
    return events;
  }

  private int times(Keyword keyword, Matcher matcher, int group) {
    var times = matcher.group(group);
    return times == null ? 1 : number(keyword, times, Integer.MAX_VALUE);
  }

  private Duration duration(Keyword keyword, Matcher matcher, int group, Duration most) {
    var amount = Long.parseLong(matcher.group(group));
    var duration =
        matcher.group(group + 1).equals("s")
            ? Duration.ofSeconds(amount)
            : Duration.ofMillis(amount);
    if (duration.compareTo(most) > 0) {
      throw lines.problem(keyword);
    }
    return duration;
  }

  private int number(Keyword keyword, String digits, int most) {
    var number = Integer.parseInt(digits);
    if (number < 1 || number > most) {
      throw lines.problem(keyword);
    }
    return number;
  }

  private JsonNode json(Keyword keyword, String text) {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw lines.problem(keyword);
    }
  }

  private Matcher match(Keyword keyword, Pattern pattern, String rest) {
    var matcher = pattern.matcher(rest);
    if (!matcher.matches()) {
      throw lines.problem(keyword);
    }
    return matcher;
  }
}
