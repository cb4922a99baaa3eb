package dev.berth.standalone.bench;

import dev.berth.practicemodel.PracticeModel;
import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Berth beside the bare Agent SDK: the same image, the same limits, the same practice model, one
 * after the other on the same machine, and in turn, so that what slows the machine slows both.
 */
public final class Bench {
  /** Files of the image come from disk at first, and code is compiled when it has run a while. */
  private static final int WARM_UP_ROUNDS = 5;

  private static final int LATER_TURNS = 5;
  private static final int WATCHED_TURNS = 3;

  /** Nobody answers at once; what a turn leaves to be done is not the next one's time. */
  private static final long THINK_MS = 200;

  private static final String PROMPT = "say hello";
  private static final String USER = "bench";
  private static final long LOOK_MS = 50;
  private static final Duration SANDBOX_GONE = Duration.ofMinutes(1);

  private final Project project;
  private final String image;
  private final int rounds;
  private final PrintStream progress;

  private Samples bareFirst = new Samples();
  private Samples berthFirst = new Samples();
  private Samples bareTurn = new Samples();
  private Samples berthTurn = new Samples();
  private Samples eventLag = new Samples();

  /**
   * @param image of the sandboxes, and of the bare agent
   */
  public Bench(Project project, String image, int rounds, PrintStream progress) {
    this.project = project;
    this.image = image;
    this.rounds = rounds;
    this.progress = progress;
  }

  public BenchReport run() throws IOException, InterruptedException {
    try (var platform = platform();
        var model = PracticeModel.start(BareAgent.hostAddress(), 0)) {
      var memoryAfterStart = PlatformMemory.bytes(platform.process());
      for (var round = 1; round <= WARM_UP_ROUNDS + rounds; round++) {
        if (round == WARM_UP_ROUNDS + 1) {
          forgetWarmUp();
        }
        progress.printf("… round %d of %d%n", round, WARM_UP_ROUNDS + rounds);
        if (round % 2 == 0) {
          bare(model);
          berth(platform);
        } else {
          berth(platform);
          bare(model);
        }
      }
      return new BenchReport(
          rounds,
          bareFirst.summary(),
          berthFirst.summary(),
          bareTurn.summary(),
          berthTurn.summary(),
          eventLag.summary(),
          memoryAfterStart,
          PlatformMemory.bytes(platform.process()));
    }
  }

  private ScratchPlatform platform() {
    // A round is not to wait for the last one's sandbox.
    var settings = Map.of("SESSION_COMPLETION_LINGER", "1ms");
    return ScratchPlatform.start(project, "bench", image, List.of(), Map.of(), settings);
  }

  private void forgetWarmUp() {
    bareFirst = new Samples();
    berthFirst = new Samples();
    bareTurn = new Samples();
    berthTurn = new Samples();
    eventLag = new Samples();
  }

  private void bare(PracticeModel model) throws InterruptedException {
    var started = System.nanoTime();
    try (var agent = BareAgent.start(image, model.baseUrl().toString())) {
      agent.say(PROMPT);
      agent.await("system");
      bareFirst.add(millisSince(started));
      agent.await("result");
      for (var turn = 0; turn < LATER_TURNS; turn++) {
        think();
        var said = System.nanoTime();
        agent.say(PROMPT);
        agent.await("result");
        bareTurn.add(millisSince(said));
      }
    }
  }

  private void berth(ScratchPlatform platform) throws IOException, InterruptedException {
    var token = EndUserToken.of(USER).mint(platform.connection());
    var started = System.nanoTime();
    try (var agent = BerthAgent.start(platform.connection(), token)) {
      agent.say(PROMPT);
      var first = agent.await("system");
      berthFirst.add(millisSince(started));
      agent.await("result");
      var session = first.path("session_id").asString();
      for (var turn = 0; turn < LATER_TURNS; turn++) {
        think();
        var said = System.nanoTime();
        agent.say(PROMPT);
        agent.await("result");
        berthTurn.add(millisSince(said));
      }
      // Not before: the bare agent has nobody who watches it either.
      try (var _ = EventLag.follow(platform.connection(), token, session, eventLag)) {
        for (var turn = 0; turn < WATCHED_TURNS; turn++) {
          think();
          agent.say(PROMPT);
          agent.await("result");
        }
      }
    }
    awaitNoSandbox(platform);
  }

  /** The next round is not to pay for the end of this one. */
  private static void awaitNoSandbox(ScratchPlatform platform)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("docker", "ps", "--quiet"));
    command.addAll(platform.sandboxFilter());
    var deadline = System.nanoTime() + SANDBOX_GONE.toNanos();
    while (System.nanoTime() < deadline) {
      var process = new ProcessBuilder(command).start();
      var running = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException("docker ps failed");
      }
      if (running.isBlank()) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
    throw new IOException("a sandbox of a session that was closed is still there");
  }

  private static void think() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(THINK_MS);
  }

  private static double millisSince(long started) {
    return (System.nanoTime() - started) / 1e6;
  }
}
