package dev.berth.api.session;

import dev.berth.workflows.session.SessionPolicy;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What sessions get when nobody says otherwise.
 *
 * @param model for clients that name none
 * @param permissionMode for clients that name none
 * @param permissionModes those that clients may ask for
 * @param idle nothing to do for this long: the sandbox goes, the session stays
 * @param completionLinger how long a completed session keeps its sandbox
 * @param clientToolTimeout how long an agent waits for a client's tool
 * @param firstSnapshot how long a turn runs until its files are made safe for the first time
 * @param outage how long a turn waits for a part of the platform that is away
 * @param background how long commands and subagents in the background keep the sandbox of a session
 *     that has nothing else to do
 */
@ConfigurationProperties(prefix = "session", ignoreUnknownFields = false)
public record SessionProperties(
    @DefaultValue("claude-sonnet-4-5-20250929") String model,
    @DefaultValue("default") String permissionMode,
    @DefaultValue({"default", "plan", "acceptEdits", "dontAsk", "bypassPermissions"})
        List<String> permissionModes,
    @DefaultValue("30m") Duration idle,
    @DefaultValue("30s") Duration completionLinger,
    @DefaultValue("10m") Duration clientToolTimeout,
    @DefaultValue("15m") Duration outage,
    @DefaultValue("2h") Duration background,
    @DefaultValue("1m") Duration firstSnapshot) {
  public SessionProperties {
    if (!background.isPositive()) {
      throw new IllegalArgumentException("session.background: " + background + " (expected: > 0)");
    }
  }

  /** The policy of a session's workflow. */
  SessionPolicy policy() {
    return SessionPolicy.withTimes(idle, completionLinger, outage, background, firstSnapshot);
  }

  int clientToolTimeoutMillis() {
    return Math.toIntExact(clientToolTimeout.toMillis());
  }
}
