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
  private final Attempts attempts = new Attempts();

  private ScriptedModel(Scenarios scenarios) {
    this.places = new PlaceFinder(scenarios);
    this.sideRequests = new SideRequests(scenarios, places);
  }

  public static ScriptedModel withDemoScenarios() {
    return new ScriptedModel(Scenarios.load());
  }

  public Answer answer(MessagesRequest request) {
    var ids = new AnswerIds(request);
    return sideRequests
        .answer(request)
        .map(side -> atOnce(reply(side, ids), request))
        .orElseGet(() -> answerInPlace(request, ids));
  }

  private Answer answerInPlace(MessagesRequest request, AnswerIds ids) {
    var place = places.find(request.conversation().moments());
    return place
        .next()
        .map(round -> play(round, place, request, ids))
        .orElseGet(() -> atOnce(Afterwards.reply(place, request, ids), request));
  }

  private Answer play(Round round, Place place, MessagesRequest request, AnswerIds ids) {
    var attempt = round.faults().isEmpty() ? 0 : attempts.next(placeId(place, request));
    Answer.Fate fate =
        switch (faultOf(round.faults(), attempt)) {
          case null -> new Answer.Whole();
          case Step.Fail(var status, var times) -> new Answer.Refused(status);
          case Step.Cut(var events, var times) -> new Answer.CutAfter(events);
          case Step.Stall(var events, var duration, var times) ->
              new Answer.StalledAfter(events, duration);
        };
    var reply = new Composer(request, place, ids).compose(round, ids.message(attempt));
    return new Answer(limited(reply, request), round.delay(), round.perToken(), fate);
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

  private static Answer atOnce(Reply reply, MessagesRequest request) {
    return new Answer(limited(reply, request), Duration.ZERO, Duration.ZERO, new Answer.Whole());
  }

  private static Reply reply(SideRequests.Side side, AnswerIds ids) {
    var text = List.<Block>of(new Block.Text(side.text()));
    return new Reply(ids.message(0), side.purpose(), text, Reply.Stop.END_TURN);
  }

  private static Reply limited(Reply reply, MessagesRequest request) {
    var stopSequences =
        StreamSupport.stream(request.body().path("stop_sequences").spliterator(), false)
            .map(sequence -> sequence.asString(""))
            .filter(sequence -> !sequence.isEmpty())
            .toList();
    return reply.endedBy(stopSequences).within(request.maxTokens());
  }

  private static String placeId(Place place, MessagesRequest request) {
    return new Digest()
        .add(request.key().text())
        .add(place.prompt())
        .add(place.before().size() + " before, " + place.done() + " done")
        .hex(16);
  }
}
