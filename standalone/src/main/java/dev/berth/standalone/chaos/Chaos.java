package dev.berth.standalone.chaos;

import dev.berth.standalone.chaos.Trial.Moment;
import dev.berth.standalone.chaos.Trial.Plan;
import dev.berth.standalone.chaos.Trial.Run;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs reference sessions on a platform of separate processes, one after another, and kills
 * something under each: at an event's boundary, or at any instant. The seed and a trial's number
 * say what is killed when; what the machine does meanwhile they do not.
 */
public final class Chaos implements AutoCloseable {
  /** Of five strikes one only stops its process for a while. */
  private static final int PAUSES = 5;

  private static final int LONGEST_PAUSE_MS = 12_000;

  private static final List<Reference> REFERENCES = List.of(Reference.values());

  private final ScratchPlatform platform;
  private final Victims victims;
  private final EndUser user;
  private final Ledger ledger;
  private final Permits permits;
  private final PrintStream progress;
  private final Map<Reference, Run> undisturbed = new EnumMap<>(Reference.class);

  private Chaos(
      Project project, ScratchPlatform platform, URI practiceModel, PrintStream progress) {
    this.platform = platform;
    this.victims = new Victims(project, platform);
    this.user = new EndUser(platform.connection());
    this.ledger = new Ledger(platform.connection(), practiceModel);
    this.permits = new Permits(platform.connection());
    this.progress = progress;
  }

  /** Starts a platform for it. */
  public static Chaos start(Project project, String image, PrintStream progress)
      throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    var platform =
        ScratchPlatform.start(
            project,
            "chaos",
            image,
            List.of("--split"),
            Map.of(Part.PRACTICE_MODEL, port),
            Map.of("SESSION_COMPLETION_LINGER", "1ms"));
    return new Chaos(project, platform, URI.create("http://127.0.0.1:" + port), progress);
  }

  /** Runs one trial; the first of each reference session is preceded by one that nothing kills. */
  public TrialResult trial(long seed, int number, List<Component> components)
      throws InterruptedException {
    var random = new SplittableRandom(seed * 1_000_003 + number);
    var component = components.get(number % components.size());
    var reference = REFERENCES.get(random.nextInt(REFERENCES.size()));
    var calm = undisturbed.get(reference);
    if (calm == null) {
      calm =
          new Trial(user, victims, ledger, permits)
              .run(new Plan(-1, seed, reference, component, null, new Moment.Never()));
      if (!calm.result().findings().isEmpty()) {
        throw new IllegalStateException(
            "undisturbed, %s ends with %s".formatted(reference, calm.result().findings()));
      }
      undisturbed.put(reference, calm);
    }
    var moment =
        random.nextBoolean()
            ? new Moment.Event(1 + random.nextInt(calm.events()))
            : new Moment.After(
                Duration.ofMillis(random.nextLong(Math.max(1, calm.took().toMillis()))));
    var plan = new Plan(number, seed, reference, component, pause(component, random), moment);
    progress.printf("… %d: %s, %s, %s%n", number, component, reference, moment);
    return new Trial(user, victims, ledger, permits).run(plan).result();
  }

  /**
   * Waits until every model request is in the ledger, or known to have been none, and every
   * container is gone.
   *
   * @return whether they are
   */
  public boolean settles(Duration atMost) throws InterruptedException {
    var deadline = System.nanoTime() + atMost.toNanos();
    while (ledger.open() > 0 || victims.containers() > 0) {
      if (System.nanoTime() > deadline) {
        progress.printf(
            "✘ %d model requests are open, %d containers left%n",
            ledger.open(), victims.containers());
        return false;
      }
      TimeUnit.SECONDS.sleep(1);
    }
    return true;
  }

  @Override
  public void close() {
    permits.close();
    platform.close();
  }

  private static @Nullable Duration pause(Component component, SplittableRandom random) {
    var pauses = random.nextInt(PAUSES) == 0;
    var time = Duration.ofMillis(500 + random.nextInt(LONGEST_PAUSE_MS));
    return switch (component) {
      case CLIENT, DOCKER -> null;
      case AGENT, BRIDGE, CONTAINER, WORKER, API, TEMPORAL, POSTGRES, S3 -> pauses ? time : null;
    };
  }
}
