package dev.berth.api.sending;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Sending over HTTP.
 *
 * @param maxBody the largest body that a client may send
 * @param maxBuffered the most that half-received bodies of all requests may take together
 */
@ConfigurationProperties(prefix = "sending", ignoreUnknownFields = false)
public record SendingProperties(
    @DefaultValue("48MB") DataSize maxBody, @DefaultValue("512MB") DataSize maxBuffered) {}
