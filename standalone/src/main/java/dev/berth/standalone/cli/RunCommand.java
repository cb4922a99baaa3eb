package dev.berth.standalone.cli;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code berth run}: one turn of an agent, as any client of the WebSocket would have it. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs a prompt in a sandbox and shows what the agent does.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:the turn succeeded",
      "1:the agent's turn ended with an error",
      "2:the command line was wrong",
      "3:the platform refused",
      "4:no platform could be reached or started"
    })
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PROMPT",
      description = "What the agent is to do; read from standard input when not given.")
  private @Nullable String prompt;

  @Option(names = "--session", paramLabel = "ID", description = "Goes on with a session.")
  private @Nullable String session;

  @Option(names = "--model", paramLabel = "MODEL", description = "The model.")
  private @Nullable String model;

  @Option(names = "--system-prompt", paramLabel = "TEXT", description = "The system prompt.")
  private @Nullable String systemPrompt;

  @Option(names = "--max-turns", paramLabel = "N", description = "Model calls at most.")
  private @Nullable Integer maxTurns;

  @Option(
      names = "--user",
      paramLabel = "ID",
      description = "The end user (default: ${DEFAULT-VALUE}).")
  private String user = "me";

  @Option(names = "--json", description = "One frame of the socket a line, and nothing else.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var text = prompt();
    var project = Project.ofEnvironment();
    var connection = BackgroundPlatform.ensure(project, json);
    if (connection.developmentTemporal() && !json) {
      System.err.println(DevelopmentTemporalNote.TEXT);
    }
    if (connection.practiceModel() && !json) {
      System.err.println(PracticeNote.TEXT);
    }
    var view = json ? new JsonView(System.out) : new TerminalView(System.out, connection);
    var conversation =
        new RunConversation(
            connection, EndUserToken.of(user).mint(connection), options(), text, view);
    try (var _ = Interrupts.onInterrupt(conversation::interrupt)) {
      return conversation.run();
    }
  }

  private String prompt() throws IOException {
    var text =
        prompt != null ? prompt : new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    if (text.isBlank()) {
      throw new ParameterException(
          spec.commandLine(), "Nothing to do: give a prompt, as an argument or on standard input.");
    }
    return text.strip();
  }

  private ObjectNode options() {
    var options = ProtocolJson.mapper().createObjectNode();
    options.put("includePartialMessages", true);
    // The sandbox is the boundary: the agent may use all of its tools in it.
    options.put("permissionMode", "bypassPermissions");
    if (session != null) {
      options.put("sessionId", session);
    }
    if (model != null) {
      options.put("model", model);
    }
    if (systemPrompt != null) {
      options.put("systemPrompt", systemPrompt);
    }
    if (maxTurns != null) {
      options.put("maxTurns", maxTurns);
    }
    return options;
  }
}
