package dev.berth.protocol.bridge;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * When the bridge takes its agent for stuck and ends it. Milliseconds, all above 0; time in which
 * the sandbox stood still, or in which the bridge did not read the agent, does not count.
 *
 * @param startMillis from the start of the agent's process until it says that it is ready
 * @param hangMillis from a turn's result until the agent is done with its message, and from the
 *     hand-over of a message until the agent says that it has it
 * @param streamIdleMillis without a word from an agent that has a message, runs no tool, and so
 *     waits for the model
 * @param toolMillis how long one tool call may run; of a subagent: without a sign of life
 */
public record WatchdogLimits(
    @JsonProperty("start_ms") int startMillis,
    @JsonProperty("hang_ms") int hangMillis,
    @JsonProperty("stream_idle_ms") int streamIdleMillis,
    @JsonProperty("tool_ms") int toolMillis) {
  public WatchdogLimits {
    requirePositive("start_ms", startMillis);
    requirePositive("hang_ms", hangMillis);
    requirePositive("stream_idle_ms", streamIdleMillis);
    requirePositive("tool_ms", toolMillis);
  }

  private static void requirePositive(String name, int millis) {
    if (millis <= 0) {
      throw new IllegalArgumentException(name + ": " + millis + " (expected: > 0)");
    }
  }
}
