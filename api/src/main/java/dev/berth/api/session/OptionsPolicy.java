package dev.berth.api.session;

import static dev.berth.api.session.InvalidOptions.invalid;

import dev.berth.api.auth.TokenClaims;
import dev.berth.api.auth.TokenClaims.Permissions;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.AgentOptions;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.protocol.event.SessionEvent.OptionsClamped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Decides under which options a session runs: the server's defaults, over them what the client asks
 * for, over that the token's {@code sdkConfig}, and all of it cut to the token's permissions and
 * the operator's bounds (client protocol, sections 2.3, 2.4 and 7). Every cut is told.
 */
final class OptionsPolicy {
  private static final Set<String> SETTING_SOURCES = Set.of("user", "project", "local");
  private static final String EVERYTHING = "*";

  private final SessionProperties properties;

  OptionsPolicy(SessionProperties properties) {
    this.properties = properties;
  }

  EffectiveOptions decide(SessionOptions asked, TokenClaims token) {
    var options = merged(asked, token.sdkConfig());
    requireNoNull("allowedTools", options.allowedTools());
    requireNoNull("disallowedTools", options.disallowedTools());
    requireNoNull("betas", options.betas());
    requireNoNull("settingSources", options.settingSources());
    var clamped = new ArrayList<OptionsClamped>();
    var permissions = token.permissions();
    var models = permissions == null ? null : models(permissions);
    var servers = McpServers.of(options.mcpServers(), options.tools());
    var agent =
        new AgentOptions(
            model(options.model(), models, clamped),
            fallback(options.fallbackModel(), models, clamped),
            maxTurns(options.maxTurns(), permissions, clamped),
            positive("maxBudgetUsd", options.maxBudgetUsd()),
            positive("maxThinkingTokens", options.maxThinkingTokens()),
            systemPrompt(options.systemPrompt()),
            tools(options.tools(), permissions, clamped),
            allowedTools(options.allowedTools(), permissions, clamped),
            disallowedTools(options.disallowedTools(), permissions),
            servers.sandbox(),
            servers.client(),
            properties.clientToolTimeoutMillis(),
            agents(options.agents()),
            list(options.betas()),
            permissionMode(options, clamped),
            environment(options.env(), models, clamped),
            outputFormat(options.outputFormat()),
            settingSources(options.settingSources()),
            options.resumeSessionAt(),
            approvals(options.approvals()));
    return new EffectiveOptions(agent, models, clamped);
  }

  /** The token's configuration stands above the client's, field by field. */
  private static SessionOptions merged(SessionOptions asked, @Nullable SessionOptions above) {
    if (above == null) {
      return asked;
    }
    var mapper = ProtocolJson.mapper();
    var result = (ObjectNode) mapper.valueToTree(asked);
    result.setAll((ObjectNode) mapper.valueToTree(above));
    return mapper.treeToValue(result, SessionOptions.class);
  }

  private static @Nullable List<String> models(Permissions permissions) {
    var models = permissions.models();
    return models == null ? null : models.stream().map(ModelNames::resolve).toList();
  }

  private String model(
      @Nullable String asked, @Nullable List<String> models, List<OptionsClamped> clamped) {
    var wanted = ModelNames.resolve(asked == null || asked.isBlank() ? properties.model() : asked);
    if (models == null || models.contains(wanted)) {
      return wanted;
    }
    if (asked != null) {
      clamped.add(clamp("model", asked, models.getFirst(), "permissions.model"));
    }
    return models.getFirst();
  }

  private static @Nullable String fallback(
      @Nullable String asked, @Nullable List<String> models, List<OptionsClamped> clamped) {
    if (asked == null || asked.isBlank()) {
      return null;
    }
    var wanted = ModelNames.resolve(asked);
    if (models == null || models.contains(wanted)) {
      return wanted;
    }
    clamped.add(clamp("fallbackModel", asked, null, "permissions.model"));
    return null;
  }

  private static @Nullable Integer maxTurns(
      @Nullable Integer asked, @Nullable Permissions permissions, List<OptionsClamped> clamped) {
    var wanted = positive("maxTurns", asked);
    var most = permissions == null ? null : permissions.maxTurns();
    if (most == null || (wanted != null && wanted <= most)) {
      return wanted;
    }
    if (wanted != null) {
      clamped.add(clamp("maxTurns", wanted, most, "permissions.maxTurns"));
    }
    return most;
  }

  private static @Nullable JsonNode systemPrompt(@Nullable JsonNode asked) {
    if (asked == null || asked.isNull() || asked.isString() || asked.isObject()) {
      return asked == null || asked.isNull() ? null : asked;
    }
    throw invalid("systemPrompt", asked, "text or a preset object");
  }

  /** The base set of tools: names, or a preset. Tool objects among them belong to a client. */
  private static @Nullable JsonNode tools(
      @Nullable JsonNode asked, @Nullable Permissions permissions, List<OptionsClamped> clamped) {
    var permitted = permissions == null ? null : permissions.tools();
    var wanted = wantedTools(asked);
    if (permitted == null || permitted.contains(EVERYTHING)) {
      return wanted;
    }
    var granted = ProtocolJson.mapper().createArrayNode();
    if (wanted == null || !wanted.isArray()) {
      permitted.forEach(granted::add);
    } else {
      wanted.forEach(name -> {
        if (permitted.contains(name.asString(""))) {
          granted.add(name);
        }
      });
    }
    if (wanted != null && !wanted.equals(granted)) {
      clamped.add(clamp("tools", wanted, granted, "permissions.tools"));
    }
    return granted;
  }

  private static @Nullable JsonNode wantedTools(@Nullable JsonNode asked) {
    if (asked == null || asked.isNull()) {
      return null;
    }
    if (asked.isString() && asked.asString().equals("claude_code")) {
      return ProtocolJson.mapper()
          .createObjectNode()
          .put("type", "preset")
          .put("preset", "claude_code");
    }
    if (asked.isObject()) {
      return asked;
    }
    if (!asked.isArray()) {
      throw invalid("tools", asked, "an array of names, or a preset");
    }
    var names = ProtocolJson.mapper().createArrayNode();
    var objects = 0;
    for (var tool : asked) {
      if (tool.isString()) {
        names.add(tool);
      } else {
        objects++;
      }
    }
    return names.isEmpty() && objects > 0 ? null : names;
  }

  private static List<String> allowedTools(
      @Nullable List<String> asked,
      @Nullable Permissions permissions,
      List<OptionsClamped> clamped) {
    var wanted = list(asked).stream().filter(tool -> !tool.equals(EVERYTHING)).toList();
    var permitted = permissions == null ? null : permissions.tools();
    if (permitted == null || permitted.contains(EVERYTHING)) {
      return wanted;
    }
    var granted = wanted.stream().filter(permitted::contains).toList();
    if (!granted.equals(wanted)) {
      clamped.add(clamp("allowedTools", wanted, granted, "permissions.tools"));
    }
    return granted;
  }

  private static List<String> disallowedTools(
      @Nullable List<String> asked, @Nullable Permissions permissions) {
    var union = new LinkedHashSet<>(list(asked));
    if (permissions != null) {
      union.addAll(list(permissions.blockedTools()));
    }
    return List.copyOf(union);
  }

  private static Map<String, JsonNode> agents(@Nullable Map<String, JsonNode> asked) {
    var agents = new LinkedHashMap<String, JsonNode>();
    if (asked != null) {
      asked.forEach((name, agent) -> agents.put(name, agent(name, agent)));
    }
    return agents;
  }

  /** Clients call the prompt {@code systemPrompt}; the Agent SDK wants it as {@code prompt}. */
  private static JsonNode agent(String name, JsonNode asked) {
    if (!(asked instanceof ObjectNode object)) {
      throw invalid("agents." + name, asked, "an object");
    }
    var agent = object.deepCopy();
    var prompt = agent.remove("systemPrompt");
    agent.remove("name");
    if (prompt != null && !agent.has("prompt")) {
      agent.set("prompt", prompt);
    }
    if (!agent.path("prompt").isString()) {
      throw invalid("agents." + name + ".systemPrompt", agent.path("prompt"), "text");
    }
    if (!agent.path("description").isString()) {
      agent.put("description", name);
    }
    return agent;
  }

  private String permissionMode(SessionOptions options, List<OptionsClamped> clamped) {
    var everything = list(options.allowedTools()).contains(EVERYTHING);
    var asked = options.permissionMode();
    var wanted =
        asked != null ? asked : everything ? "bypassPermissions" : properties.permissionMode();
    if (properties.permissionModes().contains(wanted)) {
      return wanted;
    }
    if (!List.of("default", "plan", "acceptEdits", "dontAsk", "bypassPermissions")
        .contains(wanted)) {
      throw invalid(
          "permissionMode", wanted, "one of " + String.join(", ", properties.permissionModes()));
    }
    clamped.add(
        clamp("permissionMode", wanted, properties.permissionMode(), "session.permission-modes"));
    return properties.permissionMode();
  }

  private static Map<String, String> environment(
      @Nullable Map<String, String> asked,
      @Nullable List<String> models,
      List<OptionsClamped> clamped) {
    var allowed = AgentEnvironment.allowed(asked);
    if (asked != null) {
      // The names alone: a value may be a secret.
      var refused = asked.keySet().stream().filter(name -> !allowed.containsKey(name)).toList();
      if (!refused.isEmpty()) {
        clamped.add(clamp("env", refused, List.of(), "names that the platform owns"));
      }
    }
    if (models != null) {
      // What the agent asks of small models on the side stays within the token's models too.
      allowed.put("ANTHROPIC_SMALL_FAST_MODEL", models.getLast());
      allowed.put("ANTHROPIC_DEFAULT_HAIKU_MODEL", models.getLast());
    }
    return allowed;
  }

  private static @Nullable JsonNode outputFormat(@Nullable JsonNode asked) {
    if (asked == null || asked.isNull()) {
      return null;
    }
    var format = asked.isString() ? parsed(asked.asString()) : asked;
    if (!format.path("schema").isObject()) {
      throw invalid("outputFormat", asked, "{type: json_schema, schema: {…}}");
    }
    return format;
  }

  private static JsonNode parsed(String text) {
    try {
      return ProtocolJson.mapper().readTree(text);
    } catch (JacksonException notJson) {
      return ProtocolJson.mapper().missingNode();
    }
  }

  private static List<String> settingSources(@Nullable List<String> asked) {
    for (var source : list(asked)) {
      if (!SETTING_SOURCES.contains(source)) {
        throw invalid("settingSources", source, "user, project or local");
      }
    }
    return list(asked);
  }

  private static @Nullable String approvals(@Nullable String asked) {
    if (asked != null && !asked.equals(AgentOptions.ASK)) {
      throw invalid("approvals", asked, "ask, or nothing");
    }
    return asked;
  }

  private static <T extends Number> @Nullable T positive(String option, @Nullable T value) {
    if (value != null && value.doubleValue() <= 0) {
      throw invalid(option, value, "> 0");
    }
    return value;
  }

  private static void requireNoNull(String option, @Nullable List<String> values) {
    if (values != null && values.stream().anyMatch(Objects::isNull)) {
      throw invalid(option, values, "texts");
    }
  }

  private static <T> List<T> list(@Nullable List<T> value) {
    return value == null ? List.of() : value;
  }

  private static OptionsClamped clamp(
      String option, Object asked, @Nullable Object granted, String rule) {
    var mapper = ProtocolJson.mapper();
    return new OptionsClamped(
        option,
        mapper.valueToTree(asked),
        granted == null ? mapper.nullNode() : mapper.valueToTree(granted),
        rule);
  }
}
