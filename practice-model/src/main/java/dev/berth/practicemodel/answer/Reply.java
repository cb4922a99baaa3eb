package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.tokens.TokenRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the model says.
 *
 * @param id derived from the conversation and the attempt
 * @param stopSequence the text that ended it, if one did
 */
public record Reply(
    String id, Purpose purpose, List<Block> blocks, Stop stop, Optional<String> stopSequence) {
  private static final List<Block> ALL_ARRIVED = List.of(new Block.Text("That was all."));

  public Reply {
    blocks = List.copyOf(blocks);
  }

  Reply(String id, Purpose purpose, List<Block> blocks, Stop stop) {
    this(id, purpose, blocks, stop, Optional.empty());
  }

  public int tokens() {
    return blocks.stream().mapToInt(Block::tokens).sum();
  }

  /** What is left of this reply after the part that arrived when it broke off. */
  Reply after(String arrived) {
    var left = new ArrayList<Block>();
    var skip = arrived;
    for (var block : blocks) {
      if (!skip.isEmpty() && block instanceof Block.Text(var text)) {
        var rest = text.startsWith(skip) ? text.substring(skip.length()) : "";
        skip = skip.startsWith(text) ? skip.substring(text.length()) : "";
        if (!rest.isEmpty()) {
          left.add(new Block.Text(rest));
        }
      } else if (skip.isEmpty() || block instanceof Block.ToolUse) {
        left.add(block);
      }
    }
    return new Reply(id, purpose, left.isEmpty() ? ALL_ARRIVED : left, stop);
  }

  /** This reply, ended by the first of these texts that it contains. */
  Reply endedBy(List<String> stopSequences) {
    for (var i = 0; i < blocks.size(); i++) {
      if (blocks.get(i) instanceof Block.Text(var text)) {
        for (var sequence : stopSequences) {
          var at = text.indexOf(sequence);
          if (at >= 0) {
            var kept = new ArrayList<>(blocks.subList(0, i));
            kept.add(new Block.Text(text.substring(0, at)));
            return new Reply(id, purpose, kept, Stop.STOP_SEQUENCE, Optional.of(sequence));
          }
        }
      }
    }
    return this;
  }

  /** This reply, cut where it exceeds so many tokens. */
  Reply within(int maxTokens) {
    if (tokens() <= maxTokens) {
      return this;
    }
    var kept = new ArrayList<Block>();
    var left = maxTokens;
    for (var block : blocks) {
      if (block.tokens() > left) {
        if (block instanceof Block.Text(var text)) {
          kept.add(new Block.Text(TokenRule.beginning(text, left)));
        }
        break;
      }
      kept.add(block);
      left -= block.tokens();
    }
    return new Reply(id, purpose, kept, Stop.MAX_TOKENS);
  }

  /** Why it ended, by the names of the API. */
  public enum Stop {
    END_TURN,
    TOOL_USE,
    MAX_TOKENS,
    STOP_SEQUENCE,
    REFUSAL;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
