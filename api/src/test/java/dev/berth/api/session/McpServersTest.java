package dev.berth.api.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.AgentOptions.ClientServer;
import dev.berth.protocol.bridge.AgentOptions.ClientTool;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class McpServersTest {
  @Test
  void withoutServersThereAreNone() {
    assertThat(servers(null)).isEqualTo(servers("null")).isEqualTo(servers("[]"));
    assertThat(servers("{}").sandbox()).isEmpty();
    assertThat(servers("{}").client()).isEmpty();
  }

  @Test
  void anArrayAndAnObjectOfServersMeanTheSame() {
    var array = servers("[{\"name\": \"files\", \"command\": \"npx\", \"args\": [\"-y\"]}]");
    var object = servers("{\"files\": {\"command\": \"npx\", \"args\": [\"-y\"]}}");

    assertThat(array).isEqualTo(object);
    assertThat(array.sandbox())
        .containsEntry(
            "files", json("{\"command\": \"npx\", \"args\": [\"-y\"], \"type\": \"stdio\"}"));
  }

  @Test
  void dropsWhatClientsSendAsNull() {
    assertThat(
            servers("[{\"name\": \"a\", \"command\": \"x\", \"env\": null, \"args\": null}]")
                .sandbox())
        .containsEntry("a", json("{\"command\": \"x\", \"type\": \"stdio\"}"));
  }

  @Test
  void keepsServersThatAreReachedByAddress() {
    var servers =
        servers(
            """
            [{"name": "a", "type": "http", "url": "https://a", "headers": {"x": "y"}},
             {"name": "b", "type": "sse", "url": "https://b"}]
            """);

    assertThat(servers.sandbox())
        .containsEntry(
            "a", json("{\"type\": \"http\", \"url\": \"https://a\", \"headers\": {\"x\": \"y\"}}"))
        .containsEntry("b", json("{\"type\": \"sse\", \"url\": \"https://b\"}"));
  }

  @Test
  void aServerWithToolsBelongsToTheClient() {
    var servers =
        servers(
            """
            [{"name": "host-tools", "version": "1.2", "tools": [
              {"name": "HostBash", "description": "runs", "executeIn": "client",
               "inputSchema": {"type": "object", "required": ["command"]}}]}]
            """);

    assertThat(servers.sandbox()).isEmpty();
    assertThat(servers.client())
        .containsExactly(
            new ClientServer(
                "host-tools",
                "1.2",
                List.of(
                    new ClientTool(
                        "HostBash",
                        "runs",
                        json("{\"type\": \"object\", \"required\": [\"command\"]}")))));
  }

  @Test
  void onlyToolsThatAClientExecutesAreShownToTheAgent() {
    var servers =
        servers(
            """
            [{"name": "s", "tools": [
              {"name": "a", "executeIn": "client"}, {"name": "b", "executeIn": "browser"},
              {"name": "c", "executeIn": "server"}, {"name": "d"}]}]
            """);

    assertThat(servers.client().getFirst().tools())
        .extracting(ClientTool::name)
        .containsExactly("a", "b");
  }

  @Test
  void aToolWithoutASchemaTakesAnyObject() {
    var servers =
        servers("[{\"name\": \"s\", \"tools\": [{\"name\": \"a\", \"executeIn\": \"client\"}]}]");

    assertThat(servers.client().getFirst().tools())
        .containsExactly(new ClientTool("a", "", json("{\"type\": \"object\"}")));
  }

  @Test
  void toolObjectsAmongTheNamesOfToolsBecomeAServer() {
    var servers =
        McpServers.of(
            null,
            json(
                """
                ["Read", {"name": "ask", "executeIn": "browser"}, {"name": "x"}, 7, null]
                """));

    assertThat(servers.client()).extracting(ClientServer::name).containsExactly("inline-tools");
    assertThat(servers.client().getFirst().tools())
        .extracting(ClientTool::name)
        .containsExactly("ask");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "7 | mcpServers: 7",
        "\"files\" | mcpServers: \"files\"",
        "[{}] | mcpServers.name",
        "[null] | mcpServers.name",
        "[{\"name\": \"a b\", \"command\": \"x\"}] | mcpServers.name: a b",
        "[{\"name\": \"a\"}] | command, or url with type sse or http",
        "[{\"name\": \"a\", \"url\": \"https://a\"}] | command, or url with type sse or http",
        "[{\"name\": \"a\", \"type\": \"ws\", \"url\": \"u\"}] | command, or url with type sse or http",
        "{\"a\": null} | an object with command or url",
        "{\"a\": \"npx\"} | an object with command or url",
        "[{\"name\": \"a\", \"command\": \"x\"}, {\"name\": \"a\", \"command\": \"y\"}] | a name that no other server has",
        "[{\"name\": \"a\", \"tools\": [{\"name\": \"b c\", \"executeIn\": \"client\"}]}] | tools.name: \"b c\"",
      })
  void refusesServersThatCannotBeUsed(String servers, String told) {
    assertRefused(servers, told);
  }

  @Test
  void refusesTwoToolsOfOneNameBecauseClientsFindThemByIt() {
    assertRefused(
        """
        [{"name": "a", "tools": [{"name": "t", "executeIn": "client"}]},
         {"name": "b", "tools": [{"name": "t", "executeIn": "client"}]}]
        """,
        "tools.name: t (expected: a name that no other tool has)");
  }

  @Test
  void aNameHasAtMost64Characters() {
    var server = "[{\"name\": \"%s\", \"command\": \"x\"}]";

    assertThat(servers(server.formatted("n".repeat(64))).sandbox()).hasSize(1);
    assertRefused(server.formatted("n".repeat(65)), "mcpServers.name");
  }

  /** A server of the object form is named by its key. */
  @Test
  void namesOfTheObjectFormHaveTheSameBounds() {
    assertRefused("{\"a b\": {\"command\": \"x\"}}", "mcpServers.name");
  }

  private static void assertRefused(String servers, String told) {
    assertThatThrownBy(() -> servers(servers))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST))
        .hasMessageStartingWith("Invalid options: ")
        .hasMessageContaining(told);
  }

  private static McpServers servers(@Nullable String servers) {
    return McpServers.of(servers == null ? null : json(servers), null);
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
