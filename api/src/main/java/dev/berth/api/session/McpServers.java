package dev.berth.api.session;

import static dev.berth.api.session.InvalidOptions.invalid;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.AgentOptions.ClientServer;
import dev.berth.protocol.bridge.AgentOptions.ClientTool;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The MCP servers of a session (client protocol, section 8): those that run in the sandbox or are
 * called from it, and those whose tools a client executes.
 *
 * @param sandbox in the Agent SDK's shape, by name
 */
record McpServers(Map<String, JsonNode> sandbox, List<ClientServer> client) {
  /** The server to which tools belong that a client sent without one. */
  private static final String INLINE = "inline-tools";

  /** Names become part of the tool's name in the agent. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  /** Where a tool may be executed for it to be called over the socket. */
  private static final Set<String> AT_THE_CLIENT = Set.of("client", "browser");

  static McpServers of(@Nullable JsonNode servers, @Nullable JsonNode tools) {
    var sandbox = new LinkedHashMap<String, JsonNode>();
    var client = new ArrayList<ClientServer>();
    if (servers != null && servers.isArray()) {
      servers.forEach(server -> add(sandbox, client, name(server), server));
    } else if (servers != null && servers.isObject()) {
      servers
          .properties()
          .forEach(server -> add(sandbox, client, name(server.getKey()), server.getValue()));
    } else if (servers != null && !servers.isNull()) {
      throw invalid("mcpServers", servers, "an array or an object of servers");
    }
    inline(tools, client);
    requireUniqueTools(client);
    return new McpServers(sandbox, client);
  }

  private static String name(JsonNode server) {
    return name(server.path("name").asString(""));
  }

  private static String name(String name) {
    if (!NAME.matcher(name).matches()) {
      throw invalid("mcpServers.name", name, "1 to 64 of A-Z a-z 0-9 _ -");
    }
    return name;
  }

  private static void add(
      Map<String, JsonNode> sandbox, List<ClientServer> client, String name, JsonNode server) {
    if (sandbox.containsKey(name) || client.stream().anyMatch(one -> one.name().equals(name))) {
      throw invalid("mcpServers.name", name, "a name that no other server has");
    }
    if (server.path("tools").isArray()) {
      client.add(new ClientServer(name, version(server), clientTools(server.path("tools"))));
    } else {
      sandbox.put(name, sandboxServer(server));
    }
  }

  private static @Nullable String version(JsonNode server) {
    return server.path("version").isString() ? server.path("version").asString() : null;
  }

  private static JsonNode sandboxServer(JsonNode server) {
    if (!(server instanceof ObjectNode object)) {
      throw invalid("mcpServers", server, "an object with command or url");
    }
    var copy = object.deepCopy();
    copy.remove("name");
    // Some clients send null for what they do not have.
    copy.propertyStream()
        .filter(field -> field.getValue().isNull())
        .map(Map.Entry::getKey)
        .toList()
        .forEach(copy::remove);
    if (copy.has("command")) {
      copy.put("type", "stdio");
    } else if (!copy.has("url")
        || !Set.of("sse", "http").contains(copy.path("type").asString(""))) {
      throw invalid("mcpServers", server, "command, or url with type sse or http");
    }
    return copy;
  }

  /** Only tools that the client executes are shown to the agent; nobody would answer the others. */
  private static List<ClientTool> clientTools(JsonNode tools) {
    var result = new ArrayList<ClientTool>();
    for (var tool : tools) {
      if (AT_THE_CLIENT.contains(tool.path("executeIn").asString(""))) {
        result.add(clientTool(tool));
      }
    }
    return result;
  }

  private static ClientTool clientTool(JsonNode tool) {
    var name = tool.path("name").asString("");
    if (!NAME.matcher(name).matches()) {
      throw invalid("tools.name", tool.path("name"), "1 to 64 of A-Z a-z 0-9 _ -");
    }
    var schema = tool.path("inputSchema");
    return new ClientTool(
        name,
        tool.path("description").asString(""),
        schema.isObject()
            ? schema
            : ProtocolJson.mapper().createObjectNode().put("type", "object"));
  }

  /** Older clients put tool objects among the names in {@code tools}. */
  private static void inline(@Nullable JsonNode tools, List<ClientServer> client) {
    if (tools == null || !tools.isArray()) {
      return;
    }
    var objects = ProtocolJson.mapper().createArrayNode();
    tools.forEach(tool -> {
      if (tool.isObject()) {
        objects.add(tool);
      }
    });
    var inline = clientTools(objects);
    if (!inline.isEmpty() && client.stream().noneMatch(one -> one.name().equals(INLINE))) {
      client.add(new ClientServer(INLINE, null, inline));
    }
  }

  /** Clients find their handlers by the bare name. */
  private static void requireUniqueTools(List<ClientServer> client) {
    var names = new HashSet<String>();
    for (var server : client) {
      for (var tool : server.tools()) {
        if (!names.add(tool.name())) {
          throw invalid("tools.name", tool.name(), "a name that no other tool has");
        }
      }
    }
  }
}
