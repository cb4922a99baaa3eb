package dev.berth.activities.session;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How much developers may do at once.
 *
 * @param capacity sessions of one account that work at the same time; the others wait
 */
@ConfigurationProperties(prefix = "permits", ignoreUnknownFields = false)
public record PermitProperties(@DefaultValue("100") int capacity) {
  /** One workflow keeps all holders in mind. */
  private static final int MOST = 1_000;

  public PermitProperties {
    if (capacity < 1 || capacity > MOST) {
      throw new IllegalArgumentException(
          "permits.capacity: %d (expected: 1 to %d)".formatted(capacity, MOST));
    }
  }
}
