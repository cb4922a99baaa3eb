package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.conversation.MessagesRequest.Thinking;
import dev.berth.practicemodel.script.Round;
import dev.berth.practicemodel.script.Step;
import dev.berth.practicemodel.script.Template;
import dev.berth.practicemodel.tokens.TokenRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Turns a round of a script into the blocks of an answer. */
final class Composer {
  private static final String DONE = "Done.";

  private final MessagesRequest request;
  private final Place place;
  private final AnswerIds ids;
  private final ToolInputs inputs;

  Composer(MessagesRequest request, Place place, AnswerIds ids) {
    this.request = request;
    this.place = place;
    this.ids = ids;
    this.inputs = new ToolInputs(request);
  }

  Reply compose(Round round, String id) {
    var blocks = new ArrayList<Block>();
    var text = new ArrayList<String>();
    if (place.called().isEmpty()) {
      round.speech().forEach(speech -> add(speech, text, blocks));
    }
    var stop = end(round.ending(), text, blocks);
    var reply = new Reply(id, place.purpose(), blocks, stop);
    return place.isBrokenOff() ? reply.after(place.saidLast()) : reply;
  }

  private Reply.Stop end(Round.Ending ending, List<String> text, List<Block> blocks) {
    return switch (ending) {
      case Round.Plain() -> {
        if (text.isEmpty()) {
          text.add(DONE);
        }
        flush(text, blocks);
        yield Reply.Stop.END_TURN;
      }
      case Round.Calls(var calls) -> call(calls, text, blocks);
      case Round.Json(var structured) -> {
        if (request.tool(ToolInputs.STRUCTURED_OUTPUT).isPresent()) {
          var tool = new Step.Tool(ToolInputs.STRUCTURED_OUTPUT, structured.value());
          yield call(List.of(tool), text, blocks);
        }
        flush(text, blocks);
        blocks.add(new Block.Text(structured.value().toString()));
        yield Reply.Stop.END_TURN;
      }
      case Round.Refusal(var refuse) -> {
        if (!refuse.text().isEmpty()) {
          text.add(refuse.text());
        }
        flush(text, blocks);
        yield Reply.Stop.REFUSAL;
      }
    };
  }

  private Reply.Stop call(List<? extends Step.Call> calls, List<String> text, List<Block> blocks) {
    if (!request.offersTools()) {
      text.add(
          calls.stream()
              .map(inputs::name)
              .distinct()
              .collect(Collectors.joining(", ", "This request offers no tools (expected: ", ").")));
      flush(text, blocks);
      return Reply.Stop.END_TURN;
    }
    flush(text, blocks);
    for (var i = 0; i < calls.size(); i++) {
      if (!place.called().contains(i)) {
        var call = calls.get(i);
        var id = ids.toolCall(place.done(), i);
        blocks.add(new Block.ToolUse(id, inputs.name(call), inputs.input(call)));
      }
    }
    return Reply.Stop.TOOL_USE;
  }

  private void add(Step.Speech speech, List<String> text, List<Block> blocks) {
    switch (speech) {
      case Step.Say(var said) -> text.add(filled(said));
      case Step.Filler(var tokens) -> text.add(TokenRule.filler(tokens));
      case Step.Recall() -> text.add(recalled());
      case Step.Think(var thought) -> {
        flush(text, blocks);
        think(thought, blocks);
      }
    }
  }

  private void think(String thought, List<Block> blocks) {
    if (request.thinking() != Thinking.OFF) {
      var shown = request.thinking() == Thinking.SHOWN ? thought : "";
      blocks.add(new Block.Thinking(shown, ids.signature(thought)));
    }
  }

  private String filled(String text) {
    return text.contains(Template.RESULT)
        ? Template.filled(text, Map.of("result", lastResults()))
        : text;
  }

  private String lastResults() {
    var results = request.conversation().lastResults();
    return results.isEmpty() ? "(no tool has returned anything)" : results;
  }

  private String recalled() {
    if (place.before().isEmpty()) {
      return "You said nothing before.";
    }
    return place.before().stream()
        .map(text -> "- " + PlaceFinder.firstLine(text))
        .collect(Collectors.joining("\n", "You said before:\n", ""));
  }

  private static void flush(List<String> text, List<Block> blocks) {
    if (!text.isEmpty()) {
      blocks.add(new Block.Text(String.join("\n", text)));
      text.clear();
    }
  }
}
