package dev.berth.practicemodel.conversation;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Names a conversation: {@code SESSION} or {@code SESSION/AGENT} of the Agent SDK, else {@code
 * anonymous-} and a digest of the first message.
 */
public record ConversationKey(String text) {
  private static final int MAX_LENGTH = 128;

  public ConversationKey {
    requireNonNull(text, "text");
    text = text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH);
  }

  static ConversationKey of(
      Optional<String> sessionId, Optional<String> agentId, JsonNode messages) {
    return new ConversationKey(
        sessionId
            .map(session -> agentId.map(agent -> session + "/" + agent).orElse(session))
            .orElseGet(() -> "anonymous-" + new Digest().add(messages.get(0).toString()).hex(8)));
  }

  @Override
  public String toString() {
    return text;
  }
}
