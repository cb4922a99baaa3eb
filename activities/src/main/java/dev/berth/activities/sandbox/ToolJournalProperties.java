package dev.berth.activities.sandbox;

import dev.berth.protocol.bridge.StartWait;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How careful the tool journal is.
 *
 * @param startWait which tool calls run only when their start is in the log
 */
@ConfigurationProperties(prefix = "tool-journal", ignoreUnknownFields = false)
public record ToolJournalProperties(@DefaultValue("all") StartWait startWait) {}
