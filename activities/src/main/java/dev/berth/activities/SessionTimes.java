package dev.berth.activities;

import dev.berth.workflows.session.SessionPolicy;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The times of a session whose workflow has ended and that a worker begins again, for a message
 * that its api node could not announce. The same settings as the api's.
 *
 * @param idle nothing to do for this long: the sandbox goes, the session stays
 * @param completionLinger how long a completed session keeps its sandbox
 * @param outage how long a turn waits for a part of the platform that is away
 * @param background how long work in the background keeps the sandbox of a session that has nothing
 *     else to do
 * @param firstSnapshot how long a turn runs until its files are made safe for the first time
 */
@ConfigurationProperties(prefix = "session")
record SessionTimes(
    @DefaultValue("30m") Duration idle,
    @DefaultValue("30s") Duration completionLinger,
    @DefaultValue("15m") Duration outage,
    @DefaultValue("2h") Duration background,
    @DefaultValue("1m") Duration firstSnapshot) {

  SessionPolicy policy() {
    return SessionPolicy.withTimes(idle, completionLinger, outage, background, firstSnapshot);
  }
}
