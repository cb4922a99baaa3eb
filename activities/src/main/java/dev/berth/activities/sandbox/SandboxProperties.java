package dev.berth.activities.sandbox;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The sandboxes of this host.
 *
 * @param installation keeps the sandboxes of two installations on one machine apart
 * @param image the image that sandboxes are made from
 * @param ociRuntime name of the engine's OCI runtime, such as {@code runsc}; its default when
 *     absent
 * @param engine address of the Docker engine
 * @param directory of the host, for workspaces and homes; the engine must see it under this path
 * @param socketDirectory of the host, for the doors; short, because a socket's path may have no
 *     more than 107 bytes
 * @param startTimeout from the start of a container until its bridge has dialled
 * @param stopGrace for the agent to write what it has before it is killed
 * @param silence without a word from a bridge for this long, a running sandbox is taken for lost
 * @param diskFloor a turn ends with {@code disk_full} when the host has less room left than this
 */
@ConfigurationProperties(prefix = "sandbox", ignoreUnknownFields = false)
public record SandboxProperties(
    String installation,
    String image,
    @DefaultValue("standard-2") SandboxTier tier,
    @Nullable String ociRuntime,
    @DefaultValue("unix:///var/run/docker.sock") URI engine,
    Path directory,
    Path socketDirectory,
    @DefaultValue("30s") Duration startTimeout,
    @DefaultValue("5s") Duration stopGrace,
    @DefaultValue("30s") Duration silence,
    @DefaultValue("256MB") DataSize diskFloor) {
  public SandboxProperties {
    requirePositive("sandbox.start-timeout", startTimeout);
    requirePositive("sandbox.stop-grace", stopGrace);
    requirePositive("sandbox.silence", silence);
    if (diskFloor.isNegative()) {
      throw new IllegalArgumentException("sandbox.disk-floor: " + diskFloor + " (expected: >= 0)");
    }
  }

  private static void requirePositive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }
}
