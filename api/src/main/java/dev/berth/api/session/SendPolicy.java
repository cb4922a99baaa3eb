package dev.berth.api.session;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a message does when the session has something else to do. */
public enum SendPolicy {
  /** It waits for its turn. */
  ENQUEUE,
  /**
   * It cuts the turn that runs and is the next to run. Messages that wait already are kept: they
   * run after it, in their order.
   */
  INTERRUPT,
  /**
   * It is refused with {@code SESSION_BUSY} while anything runs or waits, and never runs.
   *
   * <p>The database decides, under the lock under which messages are stored: open is what is stored
   * and has no end in the log. So a client that has seen a turn end is never told that it still
   * runs, and nothing of a refused message is stored that could run. A refusal of a message with an
   * id is remembered, so that a late repeat hears the same; under another policy the same message
   * may still be sent.
   */
  REJECT;

  /**
   * Reads a policy.
   *
   * @param name null for {@link #ENQUEUE}
   * @throws ProblemException {@code INVALID_REQUEST}
   */
  public static SendPolicy of(@Nullable String name) {
    if (name == null) {
      return ENQUEUE;
    }
    return Arrays.stream(values())
        .filter(policy -> policy.wireName().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new ProblemException(
                ProblemType.INVALID_REQUEST,
                "Invalid message: policy: %s (expected: enqueue, interrupt or reject)"
                    .formatted(name.length() > 40 ? name.substring(0, 40) + "…" : name)));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
