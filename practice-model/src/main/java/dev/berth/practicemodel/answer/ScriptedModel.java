package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Digest;
import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Step;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The model: one request in, one answer out.
 *
 * <ul>
 *   <li>The answer follows from the request alone, so that a repeated request gets the same one,
 *       ids included. Only answers that the script spoils on purpose depend on how often they were
 *       asked for; each attempt at such an answer has a message id of its own.
 * </ul>
 */
public final class ScriptedModel {
  private final PlaceFinder places;
  private final SideRequests sideRequests;
  private final Afterwards afterwards = new Afterwards();
  private final Attempts attempts = new Attempts();

  private ScriptedModel(Scenarios scenarios) {
    this.places = new PlaceFinder(scenarios);
    this.sideRequests = new SideRequests(scenarios, places);
  }

  public static ScriptedModel withDemoScenarios() {
    return new ScriptedModel(Scenarios.load());
  }

  public Answer answer(MessagesRequest request) {
    var side = sideRequests.answer(request);
    if (side.isPresent()) {
      var text = List.<Block>of(new Block.Text(side.get().text()));
      var purpose = side.get().purpose();
      return atOnce(request, new Reply(messageId(request, 0), purpose, text, Reply.Stop.END_TURN));
    }
    var place = places.find(request.conversation().moments());
    return place
        .next()
        .map(round -> play(round, place, request))
        .orElseGet(() -> afterwards(place, request));
  }

  private Answer play(Round round, Place place, MessagesRequest request) {
    var attempt = 0;
    var fate = (Answer.Fate) new Answer.Whole();
    if (!round.faults().isEmpty()) {
      attempt = attempts.next(placeId(place, request));
      switch (faultOf(round.faults(), attempt)) {
        case Step.Fail(var status, var times) -> {
          return new Answer.Failed(status);
        }
        case Step.Cut(var events, var times) -> fate = new Answer.CutAfter(events);
        case Step.Stall(var events, var duration, var times) ->
            fate = new Answer.StalledAfter(events, duration);
        case null -> {}
      }
    }
    var composer = new Composer(request, place, seed(request));
    var reply = limited(composer.compose(round, messageId(request, attempt)), request);
    return new Answer.Replied(reply, round.delay(), round.perToken(), fate);
  }

  private static Step.@Nullable Fault faultOf(List<Step.Fault> faults, int attempt) {
    var before = 0L;
    for (var fault : faults) {
      before += fault.times();
      if (attempt < before) {
        return fault;
      }
    }
    return null;
  }

  private Answer afterwards(Place place, MessagesRequest request) {
    return atOnce(request, afterwards.reply(place, request, seed(request), messageId(request, 0)));
  }

  private static Answer atOnce(MessagesRequest request, Reply reply) {
    return new Answer.Replied(
        limited(reply, request), Duration.ZERO, Duration.ZERO, new Answer.Whole());
  }

  private static Reply limited(Reply reply, MessagesRequest request) {
    var stopSequences =
        StreamSupport.stream(request.body().path("stop_sequences").spliterator(), false)
            .map(sequence -> sequence.asString(""))
            .filter(sequence -> !sequence.isEmpty())
            .toList();
    return reply.endedBy(stopSequences).within(request.maxTokens());
  }

  /** Differs wherever the conversation differs, so that ids are never used twice in one. */
  private static String seed(MessagesRequest request) {
    var digest = new Digest().add(request.key().text());
    request.conversation().moments().forEach(moment -> digest.add(moment.toString()));
    return digest.hex(16);
  }

  private static String messageId(MessagesRequest request, int attempt) {
    var digest = new Digest().add(seed(request)).add(request.model());
    return "msg_" + digest.add(request.conversation().lastText()).add("" + attempt).hex(12);
  }

  private static String placeId(Place place, MessagesRequest request) {
    return new Digest()
        .add(request.key().text())
        .add(place.prompt())
        .add(place.before().size() + " before, " + place.done() + " done")
        .hex(16);
  }
}
