package dev.berth.standalone.bench;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.StartFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The Agent SDK without Berth: {@code docker run} of the sandbox image on Docker's usual network,
 * with the limits of a sandbox of the default tier, speaking with a practice model without anything
 * between.
 */
final class BareAgent implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;
  private final Writer in;

  private BareAgent(Process process) {
    this.process = process;
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  static BareAgent start(String image, String modelUrl) {
    try {
      return new BareAgent(
          new ProcessBuilder(command(image, modelUrl))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException failed) {
      throw new UncheckedIOException("docker cannot be run", failed);
    }
  }

  private static List<String> command(String image, String modelUrl) {
    return List.of(
        "docker",
        "run",
        "-i",
        "--rm",
        "--init",
        "--memory=6g",
        "--memory-swap=6g",
        "--cpus=1",
        "--pids-limit=1024",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--read-only",
        "--tmpfs=/tmp:exec,mode=1777",
        "--tmpfs=/home/agent:exec,uid=10002,gid=10002",
        "--tmpfs=/workspace/project:exec,uid=10002,gid=10002",
        "--user=10002:10002",
        "--workdir=/workspace/project",
        "--env=HOME=/home/agent",
        "--env=ANTHROPIC_BASE_URL=" + modelUrl,
        "--env=ANTHROPIC_API_KEY=practice",
        "--env=CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
        "--env=DISABLE_AUTOUPDATER=1",
        "--env=DISABLE_TELEMETRY=1",
        "--env=DISABLE_ERROR_REPORTING=1",
        "--entrypoint=node",
        image,
        "--input-type=module",
        "--eval",
        program());
  }

  /** The machine as containers on Docker's usual network see it. */
  static String hostAddress() {
    try {
      var process =
          new ProcessBuilder(
                  "docker",
                  "network",
                  "inspect",
                  "bridge",
                  "--format",
                  "{{(index .IPAM.Config 0).Gateway}}")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      var address =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (address.isEmpty()) {
        throw new StartFailure(
            "Docker's bridge network has no address.",
            "The bench needs it for the bare agent: start the engine with its usual network.");
      }
      return address;
    } catch (IOException failed) {
      throw new UncheckedIOException("docker cannot be run", failed);
    }
  }

  /** Hands over a prompt. */
  void say(String prompt) {
    try {
      in.write(prompt + "\n");
      in.flush();
    } catch (IOException gone) {
      throw new UncheckedIOException("the bare agent is gone", gone);
    }
  }

  /** Waits for a message of a type. */
  void await(String type) {
    try {
      for (var line = out.readLine(); line != null; line = out.readLine()) {
        if (ProtocolJson.mapper().readTree(line).path("type").asString("").equals(type)) {
          return;
        }
      }
    } catch (IOException gone) {
      throw new UncheckedIOException("the bare agent is gone", gone);
    }
    throw new IllegalStateException("the bare agent ended without a message " + type);
  }

  @Override
  public void close() {
    try {
      in.close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroy();
        process.waitFor();
      }
    } catch (IOException gone) {
      process.destroy();
    } catch (InterruptedException interrupted) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }

  private static String program() {
    try (InputStream program =
        Objects.requireNonNull(BareAgent.class.getResourceAsStream("bare-agent.mjs"))) {
      return new String(program.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
