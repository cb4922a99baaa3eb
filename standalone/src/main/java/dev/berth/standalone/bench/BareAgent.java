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
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The Agent SDK without Berth: {@code docker run} of the sandbox image on Docker's usual network,
 * with the limits of a sandbox of the default tier, speaking with a practice model without anything
 * between.
 */
final class BareAgent implements AutoCloseable {
  /** User and group in the image. */
  private static final int AGENT = 10_002;

  private static final List<String> IN_MEMORY =
      List.of(
          "--tmpfs=/home/agent:exec,uid=10002,gid=10002",
          "--tmpfs=/workspace/project:exec,uid=10002,gid=10002");

  private final Process process;
  private final BufferedReader out;
  private final Writer in;

  private BareAgent(Process process) {
    this.process = process;
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  /** What outlives the container: its files are in a folder of the machine's, not in memory. */
  record Kept(String name, Path folder, String session, boolean resumed) {
    /**
     * A session that begins.
     *
     * @param name of the container
     * @param folder home and project are made in it
     */
    static Kept begin(String name, Path folder, String session) throws IOException {
      Files.createDirectory(folder.resolve("home"));
      Files.createDirectory(folder.resolve("project"));
      for (var path : List.of(folder, folder.resolve("home"), folder.resolve("project"))) {
        Files.setAttribute(path, "unix:uid", AGENT);
        Files.setAttribute(path, "unix:gid", AGENT);
      }
      return new Kept(name, folder, session, false);
    }

    /** The same session in another container, which takes up the turn that was cut. */
    static Kept resume(String name, Path folder, String session) {
      return new Kept(name, folder, session, true);
    }

    List<String> options() {
      var options =
          new ArrayList<>(
              List.of(
                  "--name=" + name,
                  "--volume=" + folder.resolve("home") + ":/home/agent",
                  "--volume=" + folder.resolve("project") + ":/workspace/project",
                  "--env=BARE_SESSION=" + session));
      if (resumed) {
        options.add("--env=BARE_RESUME=1");
        options.add("--env=CLAUDE_CODE_RESUME_INTERRUPTED_TURN=1");
        options.add("--env=CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS=1");
      }
      return options;
    }
  }

  static BareAgent start(String image, String modelUrl) {
    return start(image, modelUrl, IN_MEMORY);
  }

  /** One that has the Agent SDK ask hooks, which say nothing, before and after each tool call. */
  static BareAgent startWithHooks(String image, String modelUrl) {
    return start(
        image,
        modelUrl,
        Stream.concat(IN_MEMORY.stream(), Stream.of("--env=BARE_HOOKS=1")).toList());
  }

  static BareAgent start(String image, String modelUrl, Kept kept) {
    return start(image, modelUrl, kept.options());
  }

  private static BareAgent start(String image, String modelUrl, List<String> options) {
    try {
      return new BareAgent(
          new ProcessBuilder(command(image, modelUrl, options))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException failed) {
      throw new UncheckedIOException("docker cannot be run", failed);
    }
  }

  private static List<String> command(String image, String modelUrl, List<String> options) {
    var command = new ArrayList<>(docker());
    command.addAll(options);
    command.addAll(agent(image, modelUrl));
    return command;
  }

  private static List<String> docker() {
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
        "--user=%d:%d".formatted(AGENT, AGENT),
        "--workdir=/workspace/project",
        "--env=HOME=/home/agent");
  }

  private static List<String> agent(String image, String modelUrl) {
    return List.of(
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
      // Not every engine tells the gateway of a network; the interface has its address.
      var bridge = NetworkInterface.getByName("docker0");
      var address =
          bridge == null
              ? null
              : bridge
                  .inetAddresses()
                  .filter(Inet4Address.class::isInstance)
                  .map(InetAddress::getHostAddress)
                  .findFirst()
                  .orElse(null);
      if (address == null) {
        throw new StartFailure(
            "Docker's bridge network has no address.",
            "The bench needs it for the bare agent: start the engine with its usual network.");
      }
      return address;
    } catch (IOException failed) {
      throw new UncheckedIOException("the machine's network cannot be looked at", failed);
    }
  }

  /** Hands over a prompt; {@code \n} in it begins a line. */
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
    while (!next().path("type").asString("").equals(type)) {
      // What else it says is not waited for.
    }
  }

  /** Its next message, of whatever type. */
  JsonNode next() {
    try {
      var line = out.readLine();
      if (line == null) {
        throw new IllegalStateException("the bare agent ended");
      }
      return ProtocolJson.mapper().readTree(line);
    } catch (IOException gone) {
      throw new UncheckedIOException("the bare agent is gone", gone);
    }
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
