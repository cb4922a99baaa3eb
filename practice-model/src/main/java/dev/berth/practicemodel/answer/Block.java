package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.tokens.TokenRule;
import tools.jackson.databind.JsonNode;

/** A content block of an answer. */
public sealed interface Block {
  int tokens();

  record Text(String text) implements Block {
    @Override
    public int tokens() {
      return TokenRule.ofText(text);
    }
  }

  record Thinking(String text, String signature) implements Block {
    @Override
    public int tokens() {
      return TokenRule.ofText(text);
    }
  }

  record ToolUse(String id, String name, JsonNode input) implements Block {
    @Override
    public int tokens() {
      return TokenRule.ofCall(name, input.toString());
    }
  }
}
