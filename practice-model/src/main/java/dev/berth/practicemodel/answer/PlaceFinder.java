package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Moment;
import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Script;
import dev.berth.practicemodel.script.ScriptProblem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the script that a conversation follows and the place in it, from the conversation alone.
 *
 * <p>The script is in the newest message of the user; steps that the user adds while the agent
 * works, and steps in skills that it loads, come after it. The place follows from the ids of the
 * tool calls made since; where those are not ours, from the number of answers with tool calls.
 */
final class PlaceFinder {
  private static final int FIRST_LINE = 80;

  private final Scenarios scenarios;

  PlaceFinder(Scenarios scenarios) {
    this.scenarios = scenarios;
  }

  Place find(List<Moment> moments) {
    for (var i = moments.size() - 1; i >= 0; i--) {
      if (moments.get(i) instanceof Moment.UserSaid(var text)) {
        return place(text, 0, userTexts(moments.subList(0, i)), after(i, moments));
      }
      if (moments.get(i) instanceof Moment.Summarised(var text)) {
        return summarised(SessionSummary.read(text), after(i, moments));
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
          var summary = SessionSummary.read(text);
          texts.clear();
          texts.addAll(summary.said());
          summary.unfinished().ifPresent(texts::add);
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
      switch (moment) {
        case Moment.UserAdded(var added) -> {
          prompt.append('\n').append(added);
          script = script.then(added(added, before));
        }
        case Moment.SkillLoaded(var skill) -> {
          var steps = stepsOfSkill(skill);
          if (steps.isPresent()) {
            prompt.append('\n').append(skill);
            script = script.then(steps.get());
          }
        }
        default -> {}
      }
    }
    var done = done(doneBefore, since);
    var called = done == 0 ? Set.<Integer>of() : calledOnlyInPart(script, done - 1, since);
    return new Place(
        role.purpose(),
        script,
        prompt.toString(),
        since,
        before,
        called.isEmpty() ? done : done - 1,
        called);
  }

  /** The calls of this round that were made, unless all of them were. */
  private static Set<Integer> calledOnlyInPart(Script script, int number, List<Moment> since) {
    var called = new HashSet<Integer>();
    for (var moment : since) {
      if (moment instanceof Moment.ToolCalled(var id, var name, var answer)) {
        ToolCallId.parse(id)
            .filter(call -> call.round() == number)
            .ifPresent(call -> called.add(call.number()));
      }
    }
    return script
        .round(number)
        .filter(round ->
            round.ending() instanceof Round.Calls(var calls) && called.size() < calls.size())
        .map(round -> Set.copyOf(called))
        .orElse(Set.of());
  }

  private Place summarised(SessionSummary summary, List<Moment> since) {
    if (summary.unfinished().isPresent()) {
      return place(summary.unfinished().get(), summary.roundsDone(), summary.said(), since);
    }
    var over = Script.saying("Nothing was left to do.");
    return new Place(Purpose.AFTERWARDS, over, "", since, summary.said(), 0, Set.of());
  }

  private static List<Moment> after(int index, List<Moment> moments) {
    return moments.subList(index + 1, moments.size());
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

  /** Most skills are prose, and prose may look like a bad step. */
  private static Optional<Script> stepsOfSkill(String text) {
    try {
      return Script.in(text);
    } catch (ScriptProblem problem) {
      return Optional.empty();
    }
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
        var call = ToolCallId.parse(id);
        if (call.isPresent()) {
          done = Math.max(done, call.get().round() + 1);
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
