package dev.berth.activities.sandbox;

import dev.berth.protocol.bridge.WatchdogLimits;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * When an agent is taken for stuck; its sandbox is then replaced. Each from a second to a day.
 *
 * @param start from the start of the agent's process until it says that it is ready; its MCP
 *     servers connect meanwhile
 * @param hang from a turn's result until the agent is done with its message, and from the hand-over
 *     of a message until the agent says that it has it
 * @param streamIdle without a word from an agent that waits for the model. The Agent SDK gives a
 *     silent stream up after five minutes and asks again; this is for an agent that does not, so it
 *     should be longer, also than a hook of a project may take (ten minutes)
 * @param tool how long one tool call may run; of a subagent: without a sign of life
 */
@ConfigurationProperties(prefix = "watchdog", ignoreUnknownFields = false)
public record WatchdogProperties(
    @DefaultValue("2m") Duration start,
    @DefaultValue("30s") Duration hang,
    @DefaultValue("11m") Duration streamIdle,
    @DefaultValue("60m") Duration tool) {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(1);

  public WatchdogProperties {
    requireSane("watchdog.start", start);
    requireSane("watchdog.hang", hang);
    requireSane("watchdog.stream-idle", streamIdle);
    requireSane("watchdog.tool", tool);
  }

  WatchdogLimits limits() {
    return new WatchdogLimits(millis(start), millis(hang), millis(streamIdle), millis(tool));
  }

  private static int millis(Duration time) {
    return Math.toIntExact(time.toMillis());
  }

  private static void requireSane(String name, Duration time) {
    if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "%s: %s (expected: %s to %s)".formatted(name, time, SHORTEST, LONGEST));
    }
  }
}
