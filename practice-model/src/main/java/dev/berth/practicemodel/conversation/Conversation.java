package dev.berth.practicemodel.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * What happened so far, read from the {@code messages} of a request.
 *
 * @param lastText the last text block of a user message, as it was sent; empty when the request
 *     ends in something else
 */
public record Conversation(List<Moment> moments, String lastText) {
  public Conversation {
    moments = List.copyOf(moments);
  }

  public static Conversation of(JsonNode messages) {
    var moments = new ArrayList<Moment>();
    var lastText = "";
    var answer = 0;
    for (var message : messages) {
      var role = message.path("role").asString("");
      for (var block : Blocks.of(message.path("content"))) {
        switch (role) {
          case "user" -> moments.addAll(ofUser(block, moments));
          case "assistant" -> moments.addAll(ofModel(block, answer));
          case "system" ->
              AgentPhrases.inSystemText(block.path("text").asString("")).ifPresent(moments::add);
          default -> {}
        }
        if (role.equals("user")) {
          lastText = block.path("text").asString("");
        } else if (role.equals("assistant")) {
          lastText = "";
        }
      }
      answer++;
    }
    return new Conversation(moments, lastText);
  }

  /** What the tools of the last answer with calls returned, one under the other. */
  public String lastResults() {
    var answered = new ArrayList<String>();
    var calledSince = false;
    for (var moment : moments) {
      switch (moment) {
        case Moment.ToolCalled called -> calledSince = true;
        case Moment.ToolAnswered(var id, var text, var error) -> {
          if (calledSince) {
            answered.clear();
            calledSince = false;
          }
          answered.add(text);
        }
        default -> {}
      }
    }
    return String.join("\n", answered);
  }

  private static List<Moment> ofUser(JsonNode block, List<Moment> before) {
    return switch (block.path("type").asString("")) {
      case "text" -> ofUserText(block.path("text").asString(""), before);
      case "tool_result" -> ofToolResult(block);
      default -> List.of();
    };
  }

  private static List<Moment> ofUserText(String text, List<Moment> before) {
    var afterTool = !before.isEmpty() && before.getLast() instanceof Moment.ToolAnswered;
    return afterTool && AgentPhrases.isSkill(text)
        ? List.of(new Moment.SkillLoaded(text))
        : AgentPhrases.inUserText(text);
  }

  private static List<Moment> ofToolResult(JsonNode block) {
    var text = textOf(block.path("content"));
    var moments = new ArrayList<Moment>();
    moments.add(
        new Moment.ToolAnswered(
            block.path("tool_use_id").asString(""),
            AgentPhrases.inToolResult(text),
            block.path("is_error").asBoolean(false)));
    moments.addAll(AgentPhrases.inReminders(text));
    return moments;
  }

  private static List<Moment> ofModel(JsonNode block, int answer) {
    return switch (block.path("type").asString("")) {
      case "text" -> AgentPhrases.inModelText(block.path("text").asString("")).stream().toList();
      case "tool_use" ->
          List.of(
              new Moment.ToolCalled(
                  block.path("id").asString(""), block.path("name").asString(""), answer));
      default -> List.of();
    };
  }

  private static String textOf(JsonNode content) {
    return Blocks.of(content).stream()
        .map(block -> block.path("text").asString(""))
        .collect(Collectors.joining("\n"));
  }
}
