package dev.berth.standalone.platform;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who answers the model requests.
 *
 * @param key the provider's key; the practice model takes any
 * @param practice whether it is the practice model
 */
record Provider(String url, String key, boolean practice) {
  private static final String PUBLIC_API = "https://api.anthropic.com";

  /** The provider that the environment names, or null when it names none. */
  static @Nullable Provider of(Map<String, String> environment) {
    var key = environment.get("ANTHROPIC_API_KEY");
    if (key == null || key.isBlank()) {
      return null;
    }
    return new Provider(environment.getOrDefault("ANTHROPIC_BASE_URL", PUBLIC_API), key, false);
  }

  static Provider practice(int port) {
    return new Provider("http://127.0.0.1:" + port, "practice", true);
  }

  @Override
  public String toString() {
    return practice ? "practice model at " + url : url;
  }
}
