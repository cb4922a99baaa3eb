package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Moment;
import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Script;
import java.util.List;
import java.util.Optional;

/**
 * Where a conversation stands.
 *
 * @param prompt the message that the script is from, with what was added to it
 * @param since what happened after that message
 * @param before what the user had said before it, oldest first
 * @param done how many rounds of the script are done
 */
record Place(
    Purpose purpose,
    Script script,
    String prompt,
    List<Moment> since,
    List<String> before,
    int done) {
  Place {
    since = List.copyOf(since);
    before = List.copyOf(before);
  }

  /** The round that is due; empty when the script is over. */
  Optional<Round> next() {
    return script.round(done).filter(round -> !(round.isLast() && isSaid(round)));
  }

  private boolean isSaid(Round round) {
    if (round.ending() instanceof Round.Refusal) {
      return false;
    }
    for (var moment : since.reversed()) {
      if (moment instanceof Moment.ModelSaid) {
        return true;
      }
      if (moment instanceof Moment.ToolCalled) {
        return false;
      }
    }
    return false;
  }
}
