package dev.berth.activities.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The sizes of sandboxes. They are limits and not reservations.
 *
 * <p>Processors in thousandths of a core, memory and disk in MiB.
 */
public enum SandboxTier {
  LITE(250, 1024, 2_048),
  BASIC(500, 2_048, 4_096),
  STANDARD_1(500, 4_096, 8_192),
  STANDARD_2(1_000, 6_144, 12_288),
  STANDARD_3(2_000, 8_192, 16_384),
  STANDARD_4(4_000, 12_288, 20_480);

  private final int milliCores;
  private final long memoryMebibytes;
  private final long diskMebibytes;

  SandboxTier(int milliCores, long memoryMebibytes, long diskMebibytes) {
    this.milliCores = milliCores;
    this.memoryMebibytes = memoryMebibytes;
    this.diskMebibytes = diskMebibytes;
  }

  @JsonValue
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public long nanoCpus() {
    return milliCores * 1_000_000L;
  }

  public long memoryBytes() {
    return memoryMebibytes * 1024 * 1024;
  }

  public long diskBytes() {
    return diskMebibytes * 1024 * 1024;
  }
}
