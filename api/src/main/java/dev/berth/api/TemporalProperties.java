package dev.berth.api;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where Temporal is.
 *
 * @param address {@code host:port} of its frontend
 */
@ConfigurationProperties(prefix = "temporal", ignoreUnknownFields = false)
record TemporalProperties(
    @DefaultValue("127.0.0.1:7233") String address, @DefaultValue("default") String namespace) {}
