package dev.berth.api.session;

import java.util.Map;

/**
 * Names of models as clients write them. Aliases mean today's model of their kind; two ids that a
 * published command line expands to never existed (client protocol, section 16).
 */
final class ModelNames {
  private static final String OPUS = "claude-opus-4-5-20251101";
  private static final String HAIKU = "claude-haiku-4-5-20251001";
  private static final String SONNET = "claude-sonnet-4-5-20250929";

  private static final Map<String, String> NAMES =
      Map.of(
          "opus", OPUS,
          "sonnet", SONNET,
          "haiku", HAIKU,
          "claude-opus-4-5-20250929", OPUS,
          "claude-haiku-3-5-20250929", "claude-3-5-haiku-20241022");

  private ModelNames() {}

  static String resolve(String name) {
    return NAMES.getOrDefault(name, name);
  }
}
