package dev.berth.activities.workspace;

import java.util.regex.Pattern;

/**
 * One snapshot of a workspace.
 *
 * @param value 64 hexadecimal digits in lower case, as restic names it
 */
public record SnapshotId(String value) {
  private static final Pattern FORMAT = Pattern.compile("[0-9a-f]{64}");

  public SnapshotId {
    if (!FORMAT.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "SnapshotId: %s (expected: 64 hexadecimal digits)".formatted(value));
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
