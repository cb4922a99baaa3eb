package dev.berth.standalone.bench;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.platform.RunningPlatform;
import dev.berth.standalone.setup.PlatformProcess;
import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;

/**
 * A platform of the bench's own, as {@code ./berth up} starts it: in a home of its own, on free
 * ports, with the practice model.
 */
final class BenchPlatform implements AutoCloseable {
  private final BerthHome home;
  private final PlatformProcess platform;
  private final int modelPort;

  private BenchPlatform(BerthHome home, PlatformProcess platform, int modelPort) {
    this.home = home;
    this.platform = platform;
    this.modelPort = modelPort;
  }

  static BenchPlatform start(Project project, String image) {
    var home = BerthHome.at(project.home().root().resolve("bench"), project.home().cache());
    var modelPort = freePort();
    var arguments = new ArrayList<String>();
    for (var part : Part.values()) {
      var port = part == Part.PRACTICE_MODEL ? modelPort : 0;
      arguments.add("--port");
      arguments.add("%s=%d".formatted(part.name().toLowerCase(Locale.ROOT), port));
    }
    var environment = new HashMap<String, String>();
    environment.put("BERTH_HOME", home.root().toString());
    environment.put("BERTH_CACHE", home.cache().toString());
    environment.put("SANDBOX_IMAGE", image);
    environment.put("ANTHROPIC_API_KEY", "");
    // A round is not to wait for the last one's sandbox.
    environment.put("SESSION_COMPLETIONLINGER", "1ms");
    var platform = PlatformProcess.start(project, home, arguments, environment);
    return new BenchPlatform(home, platform, modelPort);
  }

  Connection connection() {
    return platform.connection();
  }

  int modelPort() {
    return modelPort;
  }

  long memoryBytes() {
    return PlatformMemory.bytes(platform.process());
  }

  /** The label that Docker finds the sandboxes of this platform by. */
  List<String> sandboxFilter() {
    return List.of("--filter", "label=berth.installation=" + home.installation());
  }

  @Override
  public void close() {
    var running = RunningPlatform.find(home);
    if (running != null) {
      running.end();
    }
    RunningPlatform.removeLeftovers(home);
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException failed) {
      throw new IllegalStateException("no port is free", failed);
    }
  }
}
