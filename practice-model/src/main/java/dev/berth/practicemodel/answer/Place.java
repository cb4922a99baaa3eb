package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Moment;
import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Script;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where a conversation stands.
 *
 * @param prompt the message that the script is from, with what was added to it
 * @param since what happened after that message
 * @param before what the user had said before it, oldest first
 * @param done how many rounds of the script are done
 * @param called which calls of the round that is due were made already, by their numbers; not all
 */
record Place(
    Purpose purpose,
    Script script,
    String prompt,
    List<Moment> since,
    List<String> before,
    int done,
    Set<Integer> called) {
  Place {
    called = Set.copyOf(called);
    since = List.copyOf(since);
    before = List.copyOf(before);
  }

  /** The round that is due; empty when the script is over. */
  Optional<Round> next() {
    return script.round(done).filter(round -> !isOver(round));
  }

  /** Whether an answer of the round that is due broke off. */
  boolean isBrokenOff() {
    for (var moment : since.reversed()) {
      switch (moment) {
        case Moment.AnswerBrokeOff() -> {
          return true;
        }
        case Moment.ModelSaid said -> {
          return false;
        }
        case Moment.ToolCalled tool -> {
          return false;
        }
        default -> {}
      }
    }
    return false;
  }

  /** What the model said since the last tool call. */
  String saidLast() {
    var said = new StringBuilder();
    for (var moment : since) {
      switch (moment) {
        case Moment.ModelSaid(var text) -> said.append(text);
        case Moment.ToolCalled tool -> said.setLength(0);
        default -> {}
      }
    }
    return said.toString();
  }

  private boolean isOver(Round round) {
    return round.isLast()
        && !(round.ending() instanceof Round.Refusal)
        && !isBrokenOff()
        && !saidLast().isEmpty();
  }
}
