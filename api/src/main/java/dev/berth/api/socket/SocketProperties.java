package dev.berth.api.socket;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The WebSocket.
 *
 * @param maxFrame the largest frame that a client may send
 * @param maxBuffered the most that half-received frames of all sockets may take together
 * @param ping how often a ping is sent; two without a pong end the connection
 * @param send a reader that does not take a frame in this time is cut
 * @param expiredTokenGrace from a refused send with an expired token to the close of the socket
 * @param quiet in a turn, a socket of the older dialect hears something at least this often
 */
@ConfigurationProperties(prefix = "socket", ignoreUnknownFields = false)
public record SocketProperties(
    @DefaultValue("48MB") DataSize maxFrame,
    @DefaultValue("512MB") DataSize maxBuffered,
    @DefaultValue("30s") Duration ping,
    @DefaultValue("20s") Duration send,
    @DefaultValue("60s") Duration expiredTokenGrace,
    @DefaultValue("120s") Duration quiet) {}
