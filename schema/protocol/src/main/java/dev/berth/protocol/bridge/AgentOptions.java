package dev.berth.protocol.bridge;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The options under which an agent runs: what the client asked for, after the token's rights and
 * the operator's ceilings. Names and shapes follow the Agent SDK's own options; what an operator
 * alone decides is not among them.
 *
 * @param systemPrompt text, or the Agent SDK's preset object
 * @param tools array of tool names, or the Agent SDK's preset object
 * @param maxBudgetUsd the most that the Agent SDK itself may spend, in US dollars
 * @param mcpServers servers that run inside the sandbox or are called from it
 * @param clientServers servers whose tools a client executes
 * @param clientToolTimeoutMillis how long the agent waits for a client's tool
 * @param agents subagents by name, in the Agent SDK's own shape
 * @param env environment of the agent, already without the names that the platform owns
 * @param resumeSessionAt uuid of the message up to which the transcript counts
 * @param approvals {@link #ASK} when a person is asked; absent when nobody is
 */
public record AgentOptions(
    String model,
    @JsonProperty("fallback_model") @Nullable String fallbackModel,
    @JsonProperty("max_turns") @Nullable Integer maxTurns,
    @JsonProperty("max_budget_usd") @Nullable Double maxBudgetUsd,
    @JsonProperty("max_thinking_tokens") @Nullable Integer maxThinkingTokens,
    @JsonProperty("system_prompt") @Nullable JsonNode systemPrompt,
    @Nullable JsonNode tools,
    @JsonProperty("allowed_tools") List<String> allowedTools,
    @JsonProperty("disallowed_tools") List<String> disallowedTools,
    @JsonProperty("mcp_servers") Map<String, JsonNode> mcpServers,
    @JsonProperty("client_servers") List<ClientServer> clientServers,
    @JsonProperty("client_tool_timeout_ms") int clientToolTimeoutMillis,
    Map<String, JsonNode> agents,
    List<String> betas,
    @JsonProperty("permission_mode") String permissionMode,
    Map<String, String> env,
    @JsonProperty("output_format") @Nullable JsonNode outputFormat,
    @JsonProperty("setting_sources") List<String> settingSources,
    @JsonProperty("resume_session_at") @Nullable String resumeSessionAt,
    @Nullable String approvals) {

  /** The one value of {@code approvals}: what neither mode nor rules decide, a person does. */
  public static final String ASK = "ask";

  /** What the agent waits for a client's tool when nothing else is configured: 10 minutes. */
  public static final int DEFAULT_CLIENT_TOOL_TIMEOUT_MILLIS = 600_000;

  public AgentOptions {
    if (model == null || model.isBlank()) {
      throw new IllegalArgumentException("model: " + model + " (expected: a model id)");
    }
    allowedTools = allowedTools == null ? List.of() : List.copyOf(allowedTools);
    disallowedTools = disallowedTools == null ? List.of() : List.copyOf(disallowedTools);
    mcpServers = mcpServers == null ? Map.of() : Map.copyOf(mcpServers);
    clientServers = clientServers == null ? List.of() : List.copyOf(clientServers);
    agents = agents == null ? Map.of() : Map.copyOf(agents);
    betas = betas == null ? List.of() : List.copyOf(betas);
    permissionMode = permissionMode == null ? "default" : permissionMode;
    env = env == null ? Map.of() : Map.copyOf(env);
    settingSources = settingSources == null ? List.of() : List.copyOf(settingSources);
  }

  /** An MCP server whose tools live in a client. */
  public record ClientServer(String name, @Nullable String version, List<ClientTool> tools) {
    public ClientServer {
      tools = List.copyOf(tools);
    }
  }

  /**
   * A tool that a client executes.
   *
   * @param inputSchema JSON Schema of the input
   */
  public record ClientTool(
      String name, String description, @JsonProperty("input_schema") JsonNode inputSchema) {}
}
