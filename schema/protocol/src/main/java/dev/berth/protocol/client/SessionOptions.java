package dev.berth.protocol.client;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.berth.protocol.ProtocolJson;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a client asks for in {@code init} (client protocol, section 7), before anybody clamped it.
 * Shapes that vary between clients are kept as they came.
 *
 * @param maxBudgetUsd US dollars
 * @param systemPrompt text, or a preset object
 * @param tools array of names, array of tool objects, preset object or preset name
 * @param mcpServers array of servers, or an object by name
 * @param agents subagents by name
 * @param sessionId the session to resume; {@code resume} is the same by another name
 * @param forkSession true, or the text {@code true}
 * @param continueLatest resume the caller's latest session
 * @param onDisconnect {@code continue} (default) or {@code interrupt}: what becomes of a running
 *     turn when the socket is lost
 * @param afterSeq send frames with numbers, from the one after this
 * @param approvals {@code ask}: a call that neither mode nor rules decide waits for a person;
 *     without it such a call is denied
 */
public record SessionOptions(
    @Nullable String model,
    @Nullable String fallbackModel,
    @Nullable Integer maxTurns,
    @Nullable Double maxBudgetUsd,
    @Nullable Integer maxThinkingTokens,
    @Nullable JsonNode systemPrompt,
    @Nullable JsonNode tools,
    @Nullable List<String> allowedTools,
    @Nullable List<String> disallowedTools,
    @Nullable JsonNode mcpServers,
    @Nullable Map<String, JsonNode> agents,
    @Nullable List<String> betas,
    @Nullable String permissionMode,
    @Nullable Boolean allowDangerouslySkipPermissions,
    @Nullable Map<String, String> env,
    @Nullable JsonNode outputFormat,
    @Nullable Boolean includePartialMessages,
    @Nullable List<String> settingSources,
    @Nullable String sessionId,
    @Nullable String resume,
    @Nullable JsonNode forkSession,
    @Nullable String resumeSessionAt,
    @JsonProperty("continue") @Nullable Boolean continueLatest,
    @Nullable String jobId,
    @Nullable String onDisconnect,
    @JsonProperty("after_seq") @Nullable Long afterSeq,
    @Nullable String approvals) {

  /** Nothing is asked for. */
  public static final SessionOptions NONE =
      ProtocolJson.mapper().readValue("{}", SessionOptions.class);

  /** The session to resume, under whichever name the client gave it. */
  public @Nullable String resumedSession() {
    return sessionId != null ? sessionId : resume;
  }
}
