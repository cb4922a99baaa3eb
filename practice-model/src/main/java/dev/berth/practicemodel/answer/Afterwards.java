package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.conversation.Moment;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What is said when the script is over and the agent asks once more. */
final class Afterwards {
  private Afterwards() {}

  static Reply reply(Place place, MessagesRequest request, AnswerIds ids) {
    var id = ids.message(0);
    var demanded = request.tool(ToolInputs.STRUCTURED_OUTPUT);
    if (demanded.isPresent() && asksForOutput(place.since())) {
      var sample = SchemaSample.of(demanded.get().path("input_schema"));
      return new Reply(
          id, Purpose.AFTERWARDS, List.of(output(sample, place, ids)), Reply.Stop.TOOL_USE);
    }
    var text = List.<Block>of(new Block.Text(remark(place.since())));
    return new Reply(id, Purpose.AFTERWARDS, text, Reply.Stop.END_TURN);
  }

  private static Block output(JsonNode sample, Place place, AnswerIds ids) {
    var callId = ids.toolCall(place.done(), 0);
    return new Block.ToolUse(callId, ToolInputs.STRUCTURED_OUTPUT, sample);
  }

  private static boolean asksForOutput(List<Moment> since) {
    return !since.isEmpty() && since.getLast() instanceof Moment.StructuredOutputDemanded;
  }

  private static String remark(List<Moment> since) {
    var remarks = new ArrayList<String>();
    for (var moment : since.reversed()) {
      switch (moment) {
        case Moment.Notified(var summary) -> remarks.addFirst("Background work: " + summary);
        case Moment.UserAdded(var text) ->
            remarks.addFirst("Noted what you said meanwhile: " + PlaceFinder.firstLine(text));
        case Moment.ToolAnswered(var id, var text, var error) -> {
          if (error) {
            remarks.addFirst("The last step failed: " + PlaceFinder.firstLine(text));
          }
        }
        case Moment.ModelSaid said -> {
          return joined(remarks);
        }
        case Moment.ToolCalled called -> {
          return joined(remarks);
        }
        default -> {}
      }
    }
    return joined(remarks);
  }

  private static String joined(List<String> remarks) {
    return remarks.isEmpty() ? "The script is over." : String.join("\n", remarks);
  }
}
