package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Digest;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Ids of tool calls: {@code toolu_}, 18 hexadecimal digits, {@code r} and the number of the round,
 * {@code c} and the number of the call. They carry the place in the script, so that a conversation
 * finds it again whatever was dropped, repeated or summarised.
 */
final class ToolCallId {
  private static final Pattern FORMAT = Pattern.compile("toolu_[0-9a-f]{18}r(\\d{1,9})c\\d+");

  private ToolCallId() {}

  static String of(String seed, int round, int call) {
    return "toolu_%sr%dc%d".formatted(new Digest().add(seed).hex(9), round, call);
  }

  static OptionalInt roundOf(String id) {
    var matcher = FORMAT.matcher(id);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }
}
