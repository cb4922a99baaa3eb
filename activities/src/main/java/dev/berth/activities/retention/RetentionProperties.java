package dev.berth.activities.retention;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long things are kept.
 *
 * @param age events older than this are deleted; zero keeps them whatever their age, less than a
 *     day is taken for a day
 * @param events the most events of a session that are kept; zero keeps any number. What is younger
 *     than a day stays nevertheless
 * @param closed how long after a session was closed its files are deleted
 * @param every how often it is looked for what can go; takes effect when the schedule {@code
 *     retention} is made
 */
@ConfigurationProperties(prefix = "retention", ignoreUnknownFields = false)
public record RetentionProperties(
    @DefaultValue("90d") Duration age,
    @DefaultValue("1000000") long events,
    @DefaultValue("2h") Duration closed,
    @DefaultValue("1h") Duration every) {}
