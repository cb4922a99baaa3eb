package dev.berth.standalone.chaos;

import static java.util.Objects.requireNonNull;

import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs reference sessions on a platform of separate processes, some side by side, and kills parts
 * under them: at an event's boundary, or at any instant. {@link Round} says what is killed when.
 */
public final class Chaos implements AutoCloseable {
  /** A session that is closed gives its permit back before its workflow ends. */
  private static final Duration PERMITS_BACK = Duration.ofSeconds(60);

  private final ScratchPlatform platform;
  private final Victims victims;
  private final EndUser user;
  private final Ledger ledger;
  private final WorkflowServiceStubs temporal;
  private final Permits permits;
  private final Diagnosis diagnosis;
  private final PrintStream progress;
  private final Map<Reference, Round.Length> undisturbed = new EnumMap<>(Reference.class);

  private Chaos(
      Project project, ScratchPlatform platform, URI practiceModel, PrintStream progress) {
    this.platform = platform;
    this.victims = new Victims(project, platform);
    this.user = new EndUser(platform.connection());
    this.ledger = new Ledger(platform.connection(), practiceModel);
    this.temporal =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(platform.connection().temporalAddress())
                .build());
    this.permits = new Permits(temporal);
    this.diagnosis = new Diagnosis(temporal, platform.connection());
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

  /**
   * Runs a round that strikes at random; the first of all is preceded by sessions that nothing
   * strikes.
   *
   * @return what became of each of its sessions
   */
  public List<TrialResult> round(long seed, int number, List<Component> components)
      throws InterruptedException {
    measure(seed);
    return strike(Round.plan(seed, number, components, this::length));
  }

  /**
   * Runs a round of a sweep over the boundaries of events.
   *
   * @return what became of each of its sessions; none when every boundary had its turn
   */
  public List<TrialResult> sweep(long seed, int number, List<Component> components)
      throws InterruptedException {
    measure(seed);
    return strike(Sweep.plan(seed, number, components, reference -> length(reference).events()));
  }

  /** How many events each reference session has when nothing is struck. */
  public Map<Reference, Integer> events(long seed) throws InterruptedException {
    measure(seed);
    var events = new EnumMap<Reference, Integer>(Reference.class);
    undisturbed.forEach((reference, length) -> events.put(reference, length.events()));
    return events;
  }

  private void measure(long seed) throws InterruptedException {
    for (var reference : Reference.values()) {
      if (!undisturbed.containsKey(reference)) {
        undisturbed.put(reference, undisturbed(seed, reference));
      }
    }
  }

  private Round.Length length(Reference reference) {
    return requireNonNull(undisturbed.get(reference));
  }

  private List<TrialResult> strike(List<Plan> plans) throws InterruptedException {
    if (plans.isEmpty()) {
      return List.of();
    }
    plans.forEach(plan ->
        progress.printf(
            "… round %d: %s ← %s%n",
            plan.round(),
            plan.reference(),
            String.join(", ", plan.strikes().stream().map(Strike::describe).toList())));
    var trials = run(plans);
    // When the sessions of a round are closed, every permit is back.
    var account = ledger.account(trials.getFirst().session());
    return SideBySide.judge(trials, permits.lost(account, PERMITS_BACK));
  }

  private List<TrialResult> run(List<Plan> plans) {
    return plans.stream()
        .map(plan -> CompletableFuture.supplyAsync(() -> run(plan), Thread::startVirtualThread))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  private Trial trial() {
    return new Trial(user, victims, ledger, diagnosis);
  }

  private TrialResult run(Plan plan) {
    try {
      return trial().run(plan).result();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  private Round.Length undisturbed(long seed, Reference reference) throws InterruptedException {
    var calm = trial().run(new Plan(-1, seed, reference, List.of()));
    var judged = SideBySide.judge(List.of(calm.result()), 0).getFirst();
    if (judged.hasFindings()) {
      throw new IllegalStateException(
          "undisturbed, %s ends with %s".formatted(reference, judged.findings()));
    }
    return calm.length();
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
    temporal.shutdownNow();
    platform.close();
  }
}
