package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Digest;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a tool call: {@code toolu_}, 18 hexadecimal digits, {@code r} and the number of the
 * round, {@code c} and the number of the call in it. It carries the place in the script, so that a
 * conversation finds it again whatever was dropped, repeated or summarised.
 */
record ToolCallId(String seed, int round, int number) {
  private static final Pattern FORMAT =
      Pattern.compile("toolu_([0-9a-f]{18})r(\\d{1,9})c(\\d{1,9})");
  private static final int SEED_BYTES = 9;

  static ToolCallId of(String seed, int round, int number) {
    return new ToolCallId(new Digest().add(seed).hex(SEED_BYTES), round, number);
  }

  /** Empty for ids that are not ours. */
  static Optional<ToolCallId> parse(String id) {
    var matcher = FORMAT.matcher(id);
    return matcher.matches()
        ? Optional.of(
            new ToolCallId(
                matcher.group(1),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3))))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return "toolu_%sr%dc%d".formatted(seed, round, number);
  }
}
