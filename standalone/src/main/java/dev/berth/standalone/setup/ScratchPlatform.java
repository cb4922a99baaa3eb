package dev.berth.standalone.setup;

import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.platform.RunningPlatform;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A platform that is measured or ill-treated, as {@code ./berth up} starts it: empty, in a home of
 * its own, on free ports, with the practice model.
 */
public final class ScratchPlatform implements AutoCloseable {
  private final BerthHome home;
  private final PlatformProcess platform;

  private ScratchPlatform(BerthHome home, PlatformProcess platform) {
    this.home = home;
    this.platform = platform;
    // Ctrl-C ends this program, and the platform is in a session of its own.
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  /**
   * Starts one, and forgets what an earlier one of that name had.
   *
   * @param name of its home, within the project's
   * @param options of {@code ./berth up}, beside the ports
   * @param ports those that must be known beforehand
   */
  public static ScratchPlatform start(
      Project project,
      String name,
      String image,
      List<String> options,
      Map<Part, Integer> ports,
      Map<String, String> settings) {
    var home = BerthHome.at(project.home().root().resolve(name), project.home().cache());
    // Sessions of a run that was cut off would be taken up.
    end(home);
    RunningPlatform.removeData(home);
    var all = new EnumMap<Part, Integer>(Part.class);
    for (var part : Part.values()) {
      all.put(part, ports.getOrDefault(part, 0));
    }
    var arguments = new ArrayList<>(options);
    all.forEach((part, port) -> {
      arguments.add("--port");
      arguments.add("%s=%d".formatted(part.name().toLowerCase(Locale.ROOT), port));
    });
    var environment = new HashMap<>(settings);
    environment.put("BERTH_HOME", home.root().toString());
    environment.put("BERTH_CACHE", home.cache().toString());
    environment.put("SANDBOX_IMAGE", image);
    environment.put("ANTHROPIC_API_KEY", "");
    return new ScratchPlatform(home, PlatformProcess.start(project, home, arguments, environment));
  }

  public BerthHome home() {
    return home;
  }

  public Connection connection() {
    return platform.connection();
  }

  public ProcessHandle process() {
    return platform.process();
  }

  /** The label that Docker finds the sandboxes of this platform by. */
  public List<String> sandboxFilter() {
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
