package dev.berth.api.session;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The variables that a client may set for its agent: any but those that the platform owns. */
final class AgentEnvironment {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

  private static final Set<String> OWNED =
      Set.of(
          "HOME",
          "PATH",
          "SHELL",
          "USER",
          "LOGNAME",
          "TMPDIR",
          "NODE_OPTIONS",
          "NODE_EXTRA_CA_CERTS",
          "ANTHROPIC_API_KEY",
          "ANTHROPIC_AUTH_TOKEN",
          "ANTHROPIC_BASE_URL",
          "ANTHROPIC_CUSTOM_HEADERS",
          "HTTP_PROXY",
          "HTTPS_PROXY",
          "NO_PROXY",
          "ALL_PROXY",
          "CLAUDE_CONFIG_DIR",
          "CLAUDECODE");

  private static final List<String> OWNED_PREFIXES =
      List.of(
          "LD_",
          "BERTH_",
          "CLAUDE_CODE_RESUME",
          "CLAUDE_CODE_WORKER",
          "CLAUDE_CODE_USE_",
          "CLAUDE_CODE_DISABLE_",
          "CLAUDE_CODE_ENTRYPOINT",
          "AWS_",
          "GOOGLE_");

  private AgentEnvironment() {}

  /** The variables that the agent gets. */
  static Map<String, String> allowed(@Nullable Map<String, String> asked) {
    var allowed = new TreeMap<String, String>();
    if (asked != null) {
      asked.forEach((name, value) -> {
        if (value != null && mayBeSet(name)) {
          allowed.put(name, value);
        }
      });
    }
    return new LinkedHashMap<>(allowed);
  }

  static boolean mayBeSet(String name) {
    var upper = name.toUpperCase(Locale.ROOT);
    return NAME.matcher(name).matches()
        && !OWNED.contains(upper)
        && OWNED_PREFIXES.stream().noneMatch(upper::startsWith);
  }
}
