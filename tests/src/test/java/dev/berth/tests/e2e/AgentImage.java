package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Images like that of the sandbox, in which something else stands in the place of the agent. */
final class AgentImage {
  /** Where the agent's program is. */
  static final String AGENT =
      "/opt/berth/node_modules/@anthropic-ai/claude-agent-sdk-linux-x64/claude";

  private AgentImage() {}

  /** Gives the tag to the image as it is. */
  static void good(String tag) {
    docker("tag", System.getProperty("berth.sandbox-image"), tag);
  }

  /** Gives the tag to an image whose agent is this script. */
  static void with(String script, String tag, Path folder) throws IOException {
    var context = Files.createTempDirectory(folder, "image");
    var agent = Files.writeString(context.resolve("claude"), script);
    Machine.run("chmod", "755", agent.toString());
    Files.writeString(
        context.resolve("Dockerfile"),
        "FROM %s%nCOPY claude %s%n".formatted(System.getProperty("berth.sandbox-image"), AGENT));
    docker("build", "-q", "-t", tag, context.toString());
  }
}
