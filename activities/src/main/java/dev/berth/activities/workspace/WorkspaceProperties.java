package dev.berth.activities.workspace;

import dev.berth.protocol.Secret;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the workspaces of this host are kept in object storage.
 *
 * @param snapshots whether they are; otherwise they are lost with their host
 * @param restic the program that takes and restores snapshots
 * @param key what the passwords of all snapshot stores are derived from; whoever loses it loses the
 *     snapshots
 * @param snapshotTimeout the longest that one snapshot may take
 * @param restoreTimeout the longest that one restore may take
 * @param settle how long after a turn its files are looked at: a turn that follows at once is not
 *     disturbed, and needs no snapshot of the one before it
 * @param concurrency how many snapshots are taken at a time; they compete with turns for the host
 * @param patience how long a snapshot waits for its turn before it is tried again later
 * @param kept how many snapshots of a session are kept
 * @param readBackEvery after every so many quiesced snapshots of a session a share of its store is
 *     read back
 * @param readBackShares how many shares the store has; they are read back in turn
 */
@ConfigurationProperties(prefix = "workspace", ignoreUnknownFields = false)
public record WorkspaceProperties(
    @DefaultValue("true") boolean snapshots,
    @DefaultValue("restic") Path restic,
    Secret key,
    @DefaultValue("10m") Duration snapshotTimeout,
    @DefaultValue("10m") Duration restoreTimeout,
    @DefaultValue("1s") Duration settle,
    @DefaultValue("2") int concurrency,
    @DefaultValue("30s") Duration patience,
    @DefaultValue("5") int kept,
    @DefaultValue("20") int readBackEvery,
    @DefaultValue("10") int readBackShares) {}
