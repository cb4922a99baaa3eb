package dev.berth.activities;

import dev.berth.activities.workspace.ResticSnapshots;
import dev.berth.activities.workspace.WorkspaceProperties;
import dev.berth.protocol.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;

/** The real restic; set-up has built it, and without it tests abort and say so. */
public final class TestRestic {
  private TestRestic() {}

  public static ResticSnapshots snapshots(TestObjects objects) {
    return new ResticSnapshots(properties("k"), objects.storage(), objects.store());
  }

  public static WorkspaceProperties properties(String key) {
    return new WorkspaceProperties(
        true,
        program(),
        new Secret(key),
        Duration.ofMinutes(1),
        Duration.ofMinutes(1),
        Duration.ZERO,
        2,
        Duration.ofSeconds(30),
        5,
        20,
        10);
  }

  private static Path program() {
    var cache = System.getProperty("berth.cache");
    Assumptions.assumeTrue(
        cache != null, "berth.cache is not set: tests with restic run by ./berth test");
    var program = Path.of(cache).resolve("restic/restic");
    Assumptions.assumeTrue(
        Files.isExecutable(program), () -> program + " is missing: tools/restic/build makes it");
    return program;
  }
}
