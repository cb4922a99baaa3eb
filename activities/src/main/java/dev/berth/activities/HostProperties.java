package dev.berth.activities;

import java.net.URI;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * This host among the others.
 *
 * @param id stable over restarts: a worker comes back to the sandboxes of its host
 * @param url where the api nodes reach this worker
 */
@ConfigurationProperties(prefix = "host", ignoreUnknownFields = false)
public record HostProperties(@DefaultValue("host-1") String id, URI url) {}
