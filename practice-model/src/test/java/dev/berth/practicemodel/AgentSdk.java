package dev.berth.practicemodel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The real Agent SDK, run through node in a workspace of its own.
 *
 * <p>It is found in {@code BERTH_AGENT_SDK} or in {@code node_modules} under the system property
 * {@code berth.agent-sdk}; tests are aborted with the reason when it is in neither.
 */
final class AgentSdk {
  private static final String PACKAGE = "node_modules/@anthropic-ai/claude-agent-sdk";
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Path sdk;
  private final Path home;
  private final ObjectNode plan = JSON.createObjectNode();
  private final ObjectNode env = plan.putObject("env");
  private final ObjectNode options = plan.putObject("options");
  private final ArrayNode inputs = plan.putArray("inputs");

  private AgentSdk(Path sdk, Path home) {
    this.sdk = sdk;
    this.home = home;
  }

  /**
   * @param home holds the workspace and the configuration, which outlive a run
   */
  static AgentSdk in(Path home, URI model) {
    var agent = new AgentSdk(located(), home);
    agent.plan.put("sdk", agent.sdk.toString()).put("cwd", agent.workspace().toString());
    agent.plan.put("results", 0);
    agent.environment("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
    agent.environment("HOME", agent.config().toString());
    agent.environment("CLAUDE_CONFIG_DIR", agent.config().toString());
    agent.environment("ANTHROPIC_BASE_URL", model.toString());
    agent.environment("ANTHROPIC_API_KEY", "practice");
    // Without it the agent refuses to work as root without asking.
    agent.environment("IS_SANDBOX", "1");
    return agent;
  }

  Path workspace() {
    return made(home.resolve("workspace"));
  }

  AgentSdk environment(String name, String value) {
    env.put(name, value);
    return this;
  }

  AgentSdk option(String name, String json) {
    options.set(name, JSON.readTree(json));
    return this;
  }

  AgentSdk withShop() {
    plan.put("shop", true);
    return this;
  }

  /** One more message, sent at the start or when the one before has its result. */
  AgentSdk says(String text) {
    input(inputs.isEmpty() ? "start" : "result").put("text", text);
    return waitingForOneMore();
  }

  /** One more message, sent when the agent has suggested what to say. */
  AgentSdk saysAfterSuggestion(String text) {
    input("prompt_suggestion").put("text", text);
    return waitingForOneMore();
  }

  /** Sent when the next tool is called. */
  AgentSdk addsDuringTool(String text) {
    input("tool").put("text", text);
    return this;
  }

  AgentSdk interruptsDuringTool() {
    input("tool").put("interrupt", true);
    return this;
  }

  AgentSdk waitingForOneMore() {
    plan.put("results", plan.path("results").asInt(0) + 1);
    return this;
  }

  AgentRun run() {
    var process = start();
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        kill(process);
        throw new AssertionError("the agent did not finish: " + read(output()));
      }
      return said();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Starts without waiting; {@link #said} tells what came so far. */
  Process start() {
    try {
      var script = home.resolve("agent.mjs");
      try (var source = AgentSdk.class.getResourceAsStream("/agent.mjs")) {
        Files.write(script, source == null ? new byte[0] : source.readAllBytes());
      }
      var planFile = Files.writeString(home.resolve("plan.json"), plan.toString());
      return new ProcessBuilder("node", script.toString())
          .redirectInput(planFile.toFile())
          .redirectOutput(output().toFile())
          .redirectError(home.resolve("errors.log").toFile())
          .start();
    } catch (IOException e) {
      return abort("node cannot be run: " + e.getMessage());
    }
  }

  AgentRun said() {
    var messages = new ArrayList<JsonNode>();
    for (var line : read(output()).lines().toList()) {
      if (line.startsWith("{") && line.endsWith("}")) {
        messages.add(JSON.readTree(line));
      }
    }
    return new AgentRun(List.copyOf(messages));
  }

  /** Waits for so many blocks in the transcript; they get there shortly after they happened. */
  void awaitStored(String blockType, int blocks) throws IOException, InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (stored(blockType) < blocks) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(blockType + " blocks in the transcript: " + stored(blockType));
      }
      Thread.sleep(20);
    }
  }

  private long stored(String blockType) throws IOException {
    try (var files = Files.walk(config().resolve("projects"))) {
      return files
          .filter(file -> file.toString().endsWith(".jsonl"))
          .flatMap(file -> read(file).lines())
          .filter(line -> line.contains("\"type\":\"" + blockType + "\""))
          .count();
    }
  }

  /** Kills the process and all that it started, as the loss of a container does. */
  static void kill(Process process) {
    var all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(handle -> handle.onExit().join());
  }

  private ObjectNode input(String on) {
    return inputs.addObject().put("on", on);
  }

  private Path config() {
    return made(home.resolve("config"));
  }

  private Path output() {
    return home.resolve("messages.jsonl");
  }

  private static Path located() {
    var environment = System.getenv("BERTH_AGENT_SDK");
    var property = System.getProperty("berth.agent-sdk");
    var sdk =
        environment != null
            ? Path.of(environment)
            : Path.of(property == null ? "." : property).resolve(PACKAGE);
    return Files.exists(sdk.resolve("sdk.mjs"))
        ? sdk.toAbsolutePath()
        : abort(
            "no Agent SDK: %s (expected: BERTH_AGENT_SDK, or -Dberth.agent-sdk with node_modules)"
                .formatted(sdk));
  }

  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file, UTF_8) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
