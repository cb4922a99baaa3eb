package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.script.Step;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Names and inputs of tools as the Agent SDK defines them. */
final class ToolInputs {
  static final String STRUCTURED_OUTPUT = "StructuredOutput";

  private static final String AGENT = "Agent";
  private static final String AGENT_FORMERLY = "Task";
  private static final String DEFAULT_AGENT = "general-purpose";
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final MessagesRequest request;

  ToolInputs(MessagesRequest request) {
    this.request = request;
  }

  String name(Step.Call call) {
    return switch (call) {
      case Step.Bash bash -> "Bash";
      case Step.Write write -> "Write";
      case Step.Read read -> "Read";
      case Step.Edit edit -> "Edit";
      case Step.Tool(var name, var input) -> name;
      case Step.Task task -> request.tool(AGENT_FORMERLY).isPresent() ? AGENT_FORMERLY : AGENT;
    };
  }

  JsonNode input(Step.Call call) {
    var input = JSON.objectNode();
    return switch (call) {
      case Step.Bash(var command, var background) -> {
        input.put("command", command);
        yield background ? input.put("run_in_background", true) : input;
      }
      case Step.Write(var path, var content) ->
          input.put("file_path", path).put("content", content);
      case Step.Read(var path) -> input.put("file_path", path);
      case Step.Edit(var path, var before, var after) ->
          input.put("file_path", path).put("old_string", before).put("new_string", after);
      case Step.Tool(var name, var given) -> given;
      case Step.Task task -> task(task, input);
    };
  }

  /** Agents run in the background unless told otherwise, where that can be told. */
  private JsonNode task(Step.Task task, ObjectNode input) {
    var agent = task.agent() == null ? DEFAULT_AGENT : task.agent();
    input
        .put("description", task.description())
        .put("prompt", task.script())
        .put("subagent_type", agent);
    var canSay =
        request
            .tool(name(task))
            .map(tool -> tool.path("input_schema").path("properties").has("run_in_background"));
    return canSay.orElse(false) ? input.put("run_in_background", task.background()) : input;
  }
}
