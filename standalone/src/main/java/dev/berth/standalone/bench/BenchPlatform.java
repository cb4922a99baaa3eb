package dev.berth.standalone.bench;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.platform.RunningPlatform;
import dev.berth.standalone.setup.PlatformProcess;
import dev.berth.standalone.setup.Project;
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

  private BenchPlatform(BerthHome home, PlatformProcess platform) {
    this.home = home;
    this.platform = platform;
    // Ctrl-C ends the bench, and the platform is in a session of its own.
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  static BenchPlatform start(Project project, String image) {
    var home = BerthHome.at(project.home().root().resolve("bench"), project.home().cache());
    // Sessions of a bench that was cut off would be taken up, and measured.
    end(home);
    RunningPlatform.removeData(home);
    var arguments = new ArrayList<String>();
    for (var part : Part.values()) {
      arguments.add("--port");
      arguments.add(part.name().toLowerCase(Locale.ROOT) + "=0");
    }
    var environment = new HashMap<String, String>();
    environment.put("BERTH_HOME", home.root().toString());
    environment.put("BERTH_CACHE", home.cache().toString());
    environment.put("SANDBOX_IMAGE", image);
    environment.put("ANTHROPIC_API_KEY", "");
    // A round is not to wait for the last one's sandbox.
    environment.put("SESSION_COMPLETION_LINGER", "1ms");
    var platform = PlatformProcess.start(project, home, arguments, environment);
    return new BenchPlatform(home, platform);
  }

  Connection connection() {
    return platform.connection();
  }

  long memoryBytes() {
    return PlatformMemory.bytes(platform.process());
  }

  /** The label that Docker finds the sandboxes of this platform by. */
  List<String> sandboxFilter() {
    return List.of("--filter", "label=berth.installation=" + home.installation());
  }

  @Override
  public synchronized void close() {
    end(home);
  }

  private static void end(BerthHome home) {
    var running = RunningPlatform.find(home);
    if (running != null) {
      running.end();
    }
    RunningPlatform.removeLeftovers(home);
  }
}
