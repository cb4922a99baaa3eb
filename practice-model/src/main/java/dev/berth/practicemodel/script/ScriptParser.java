package dev.berth.practicemodel.script;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
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

  private static final Pattern PATH = Pattern.compile("\\S+");
  private static final Pattern LONG = Pattern.compile("(\\d{1,6}) tokens");
  private static final Pattern TASK = Pattern.compile("(\\S.*?)(?:\\s+as\\s+([\\w-]+))?:");
  private static final Pattern TOOL = Pattern.compile("([\\w-]+)\\s+\\S.*");
  private static final Pattern REPEAT = Pattern.compile("(\\d{1,6}):");
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
        refuseMisplaced(keyword.get(), line, steps);
        var rest = line.strip().substring(keyword.get().word().length());
        add(new Arguments(keyword.get(), rest, lines), keyword.get(), steps);
      } else if (block && !line.isBlank()) {
        throw ScriptProblem.at(lines.number(), line, "only steps within a block");
      }
    }
    return steps;
  }

  private void refuseMisplaced(Keyword keyword, String line, List<Step> before) {
    if (Lines.indented(line)) {
      var expectation = keyword.word() + " at the start of the line, or in a block";
      throw ScriptProblem.at(lines.number(), line, expectation);
    }
    if (!before.isEmpty() && before.getLast() instanceof Step.Forever) {
      throw ScriptProblem.at(lines.number(), line, "nothing after loop forever");
    }
  }

  private void add(Arguments arguments, Keyword keyword, List<Step> steps) {
    if (keyword == Keyword.REPEAT) {
      repeat(arguments, steps);
    } else {
      steps.add(step(keyword, arguments));
    }
    if (steps.size() > MAX_STEPS) {
      throw ScriptProblem.at(lines.number(), keyword.word(), "at most " + MAX_STEPS + " steps");
    }
  }

  private static Step step(Keyword keyword, Arguments arguments) {
    return switch (keyword) {
      case SAY -> new Step.Say(arguments.text());
      case THINK -> new Step.Think(arguments.text());
      case LONG -> filler(arguments);
      case ECHO -> echo(arguments);
      case RECALL -> recall(arguments);
      case JSON -> new Step.Structured(arguments.json());
      case REFUSE -> new Step.Refuse(arguments.rest());
      case BASH -> new Step.Bash(arguments.text(), false);
      case BACKGROUND -> background(arguments);
      case WRITE -> write(arguments);
      case READ -> new Step.Read(arguments.match(PATH).group());
      case EDIT -> edit(arguments);
      case TOOL -> tool(arguments);
      case TASK -> task(arguments, false);
      case PARALLEL -> parallel(arguments);
      case LOOP -> forever(arguments);
      case WAIT -> Conditions.wait(arguments);
      case SLOW -> Conditions.slow(arguments);
      case ERROR -> Conditions.error(arguments);
      case CUT -> Conditions.cut(arguments);
      case STALL -> Conditions.stall(arguments);
      case REPEAT -> throw new IllegalStateException("repeat becomes several steps");
    };
  }

  private static Step filler(Arguments arguments) {
    return new Step.Filler(arguments.number(arguments.match(LONG), 1, 1, MAX_FILLER));
  }

  private static Step echo(Arguments arguments) {
    arguments.only("last tool result");
    return new Step.Say(Template.RESULT);
  }

  private static Step recall(Arguments arguments) {
    arguments.only("");
    return new Step.Recall();
  }

  private static Step.Call background(Arguments arguments) {
    if (arguments.startsWith("bash")) {
      return new Step.Bash(arguments.after("bash").text(), true);
    }
    if (arguments.startsWith("task")) {
      return task(arguments.after("task"), true);
    }
    throw arguments.problem();
  }

  private static Step write(Arguments arguments) {
    var file = arguments.titledText();
    return new Step.Write(file.title(), file.text().isEmpty() ? "" : file.text() + "\n");
  }

  private static Step edit(Arguments arguments) {
    var rest = arguments.rest();
    var quote = rest.indexOf(" \"");
    if (quote < 0) {
      throw arguments.problem();
    }
    var path = rest.substring(0, quote).strip();
    var texts = rest.substring(quote);
    // The texts themselves may contain arrows.
    for (var arrow = texts.indexOf(EDIT_ARROW);
        arrow >= 0;
        arrow = texts.indexOf(EDIT_ARROW, arrow + 1)) {
      var before = texts.substring(0, arrow).strip();
      var after = texts.substring(arrow + EDIT_ARROW.length()).strip();
      if (isJsonString(before) && isJsonString(after)) {
        return new Step.Edit(
            path, JSON.readValue(before, String.class), JSON.readValue(after, String.class));
      }
    }
    throw arguments.problem();
  }

  private static boolean isJsonString(String text) {
    try {
      return text.startsWith("\"") && JSON.readTree(text).isString();
    } catch (JacksonException e) {
      return false;
    }
  }

  private static Step.Call tool(Arguments arguments) {
    var name = arguments.match(TOOL).group(1);
    var input = arguments.after(name).json();
    if (!input.isObject()) {
      throw arguments.problem();
    }
    return new Step.Tool(name, input);
  }

  private static Step.Call task(Arguments arguments, boolean background) {
    var task = arguments.match(TASK);
    var script = String.join("\n", arguments.block().lines());
    return new Step.Task(task.group(1), task.group(2), script, background);
  }

  private static Step parallel(Arguments arguments) {
    arguments.only(":");
    var problem = arguments.problem();
    var calls = new ArrayList<Step.Call>();
    for (var step : new ScriptParser(arguments.block().cursor(), true).steps()) {
      if (!(step instanceof Step.Call call)) {
        throw problem;
      }
      calls.add(call);
    }
    return new Step.Parallel(calls);
  }

  private static void repeat(Arguments arguments, List<Step> steps) {
    var times = arguments.number(arguments.match(REPEAT), 1, 1, MAX_REPEATS);
    var body = arguments.block();
    for (var i = 1; i <= times && steps.size() <= MAX_STEPS; i++) {
      var numbered = new Lines(Template.numbered(body.lines(), i), body.offset());
      steps.addAll(new ScriptParser(numbered, true).steps());
    }
  }

  private static Step forever(Arguments arguments) {
    if (arguments.rest().equals("forever")) {
      return new Step.Forever(List.of("bash echo round " + Template.NUMBER));
    }
    arguments.only("forever:");
    var problem = arguments.problem();
    var body = arguments.block();
    var steps = new ScriptParser(body.cursor(), true).steps();
    if (steps.isEmpty()
        || !(steps.getLast() instanceof Step.Call || steps.getLast() instanceof Step.Parallel)) {
      throw problem;
    }
    return new Step.Forever(body.lines());
  }
}
