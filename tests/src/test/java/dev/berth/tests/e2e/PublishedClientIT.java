package dev.berth.tests.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * The published Python client, unchanged and in both versions: strangers wrote it for another
 * server.
 */
@Tag("e2e")
@Timeout(300)
class PublishedClientIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void version010PromptsAndHasItsToolCalled() throws Exception {
    var said = run("0.1.0", "client_0_1_0.py");

    assertThat(said.path("result").asString("")).isEqualTo("a plain answer");
    assertThat(said.path("session").asString("")).hasSize(36);
    assertThat(said.path("cost").asDouble()).isPositive();
    assertThat(said.path("types").toString()).contains("system", "assistant");
    assertThat(said.path("tool").asString("")).isEqualTo("the tool said Hello, Ada!");
  }

  @Test
  void version020PromptsTalksAndHasItsToolCalled() throws Exception {
    var said = run("0.2.0", "client_0_2_0.py");

    assertThat(said.path("subtype").asString("")).isEqualTo("success");
    assertThat(said.path("result").asString("")).isEqualTo("a plain answer");
    assertThat(said.path("tool").asString("")).isEqualTo("the tool said Hello, Ada!");
    assertThat(said.path("texts").toString()).contains("4720");
    assertThat(said.path("refused").asString("")).contains("Authentication failed");
  }

  private static JsonNode run(String version, String script) throws IOException {
    var folder = platform.home().root().resolve("python-" + version);
    var python = folder.resolve("bin/python");
    if (!Files.exists(python)) {
      Assumptions.assumeTrue(
          new ProcessBuilder("python3", "-m", "venv", "-h").start().onExit().join().exitValue()
              == 0,
          "python3 with venv is not on this machine");
      Machine.run("python3", "-m", "venv", folder.toString());
      Machine.run(
          python.toString(),
          "-m",
          "pip",
          "install",
          "--quiet",
          "--disable-pip-version-check",
          "chucky-sdk==" + version);
    }
    var file = Path.of("src/test/resources/python", script);
    var output =
        Machine.run(
            python.toString(),
            "-W",
            "ignore",
            file.toString(),
            platform.connection().wsUrl(),
            platform.token("python"));
    return ProtocolJson.mapper().readTree(output.lines().reduce((first, last) -> last).orElse(""));
  }
}
