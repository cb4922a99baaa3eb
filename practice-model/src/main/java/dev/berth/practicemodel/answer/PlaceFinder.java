package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Moment;
import dev.berth.practicemodel.script.Script;
import dev.berth.practicemodel.script.ScriptProblem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Finds the script that a conversation follows and the place in it, from the conversation alone.
 *
 * <p>The script is in the newest message of the user; steps that the user adds while the agent
 * works come after it. The place follows from the ids of the tool calls made since; where those are
 * not ours, from the number of answers with tool calls.
 */
final class PlaceFinder {
  private static final int FIRST_LINE = 80;

  private final Scenarios scenarios;

  PlaceFinder(Scenarios scenarios) {
    this.scenarios = scenarios;
  }

  Place find(List<Moment> moments) {
    for (var i = moments.size() - 1; i >= 0; i--) {
      var before = userTexts(moments.subList(0, i));
      var since = moments.subList(i + 1, moments.size());
      switch (moments.get(i)) {
        case Moment.UserSaid(var text) -> {
          return place(text, 0, before, since);
        }
        case Moment.Summarised(var text) -> {
          var summary = SessionSummary.read(text);
          return summary
              .unfinished()
              .map(prompt -> place(prompt, summary.roundsDone(), summary.said(), since))
              .orElseGet(() -> over(summary.said(), since));
        }
        default -> {}
      }
    }
    return place("", 0, List.of(), moments);
  }

  /** Everything that the user said, oldest first, through summaries. */
  static List<String> userTexts(List<Moment> moments) {
    var texts = new ArrayList<String>();
    for (var moment : moments) {
      switch (moment) {
        case Moment.UserSaid(var text) -> texts.add(text);
        case Moment.UserAdded(var text) -> texts.add(text);
        case Moment.Summarised(var text) -> {
          texts.clear();
          texts.addAll(SessionSummary.read(text).said());
        }
        default -> {}
      }
    }
    return texts;
  }

  private Place place(String text, int doneBefore, List<String> before, List<Moment> since) {
    var prompt = new StringBuilder(text);
    var role = role(text, before);
    var script = role.script();
    for (var moment : since) {
      if (moment instanceof Moment.UserAdded(var added)) {
        prompt.append('\n').append(added);
        script = script.then(added(added, before));
      }
    }
    return new Place(
        role.purpose(), script, prompt.toString(), since, before, done(doneBefore, since));
  }

  private static Place over(List<String> before, List<Moment> since) {
    return new Place(
        Purpose.AFTERWARDS, Script.saying("Nothing was left to do."), "", since, before, 0);
  }

  private Role role(String text, List<String> before) {
    try {
      return Script.in(text)
          .map(script -> new Role(Purpose.SCRIPT, script))
          .or(() ->
              scenarios.scriptFor(text, before).map(script -> new Role(Purpose.SCENARIO, script)))
          .orElseGet(() -> new Role(Purpose.INTRODUCTION, Script.saying(scenarios.introduction())));
    } catch (ScriptProblem problem) {
      return new Role(Purpose.MALFORMED, Script.saying(complaint(problem)));
    }
  }

  private Script added(String text, List<String> before) {
    var role = role(text, before);
    return switch (role.purpose()) {
      case INTRODUCTION -> Script.saying("Noted what you said meanwhile: " + firstLine(text));
      default -> role.script();
    };
  }

  private static String complaint(ScriptProblem problem) {
    return "This is the practice model, and it cannot read a step of your script: "
        + problem.getMessage();
  }

  private static int done(int before, List<Moment> since) {
    var done = before;
    var foreign = new HashSet<Integer>();
    for (var moment : since) {
      if (moment instanceof Moment.ToolCalled(var id, var name, var answer)) {
        var round = ToolCallId.roundOf(id);
        if (round.isPresent()) {
          done = Math.max(done, round.getAsInt() + 1);
        } else {
          foreign.add(answer);
        }
      }
    }
    return Math.max(done, before + foreign.size());
  }

  static String firstLine(String text) {
    var line = text.strip().lines().findFirst().orElse("");
    return line.length() <= FIRST_LINE ? line : line.substring(0, FIRST_LINE) + "…";
  }

  private record Role(Purpose purpose, Script script) {}
}
