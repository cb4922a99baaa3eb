package dev.berth.standalone.bench;

import dev.berth.practicemodel.PracticeModel;
import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * How long a session stands still whose container was killed in a tool call: from the kill to the
 * next message of its agent at the client. Beside it the bare Agent SDK, of which somebody knows at
 * once that it is gone: {@code docker run} on the files that the killed one left, to its first
 * message. Berth has to notice, fence, restore and reconcile within the difference.
 */
public final class RecoveryBench {
  private static final int WARM_UP_ROUNDS = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long LOOK_MS = 20;

  /** The agent writes what it did some 100 ms later; and nobody dies in the first moment. */
  private static final long IN_THE_CALL_MS = 500;

  private static final String MARK = "effects";
  private static final String PROMPT = "bash touch " + MARK + "; tail -f /dev/null\\nsay Went on.";

  private final Project project;
  private final String image;
  private final int rounds;
  private final PrintStream progress;

  /**
   * @param image of the sandboxes, and of the bare agent
   */
  public RecoveryBench(Project project, String image, int rounds, PrintStream progress) {
    this.project = project;
    this.image = image;
    this.rounds = rounds;
    this.progress = progress;
  }

  public RecoveryReport run() throws IOException, InterruptedException {
    // A round is not to wait for the last one's sandbox.
    var settings = Map.of("SESSION_COMPLETION_LINGER", "1ms");
    var bare = new Samples();
    var berth = new Samples();
    try (var platform =
            ScratchPlatform.start(project, "bench", image, List.of(), Map.of(), settings);
        var model = PracticeModel.start(BareAgent.hostAddress(), 0)) {
      for (var round = 1; round <= WARM_UP_ROUNDS + rounds; round++) {
        var counts = round > WARM_UP_ROUNDS;
        progress.printf("… round %d of %d%n", round, WARM_UP_ROUNDS + rounds);
        var ofBare = counts ? bare : new Samples();
        var ofBerth = counts ? berth : new Samples();
        if (round % 2 == 0) {
          bare(model, ofBare);
          berth(platform, ofBerth);
        } else {
          berth(platform, ofBerth);
          bare(model, ofBare);
        }
      }
    }
    return new RecoveryReport(rounds, bare.summary(), berth.summary());
  }

  private void bare(PracticeModel model, Samples samples) throws IOException, InterruptedException {
    var session = UUID.randomUUID().toString();
    var name = "berth-bench-" + session;
    var folder = Files.createTempDirectory("berth-bench-");
    try {
      var url = model.baseUrl().toString();
      try (var first = BareAgent.start(image, url, BareAgent.Kept.begin(name, folder, session))) {
        first.say(PROMPT);
        await(() -> Files.exists(folder.resolve("project").resolve(MARK)));
        TimeUnit.MILLISECONDS.sleep(IN_THE_CALL_MS);
        kill(name);
      }
      var started = System.nanoTime();
      var next = BareAgent.Kept.resume(name + "-2", folder, session);
      try (var second = BareAgent.start(image, url, next)) {
        second.await("system");
        samples.add(millisSince(started));
        second.await("result");
      }
    } finally {
      // What the agent left belongs to another user, and somebody may run without root.
      Shell.lines("rm", "-rf", folder.toString());
    }
  }

  private static void berth(ScratchPlatform platform, Samples samples) throws InterruptedException {
    var token = EndUserToken.of("bench").mint(platform.connection());
    try (var agent = BerthAgent.start(platform.connection(), token)) {
      agent.say(PROMPT.replace("\\n", "\n"));
      var session = agent.await("system").path("session_id").asString();
      var sandbox = "berth-" + session;
      await(() -> isThere(sandbox));
      TimeUnit.MILLISECONDS.sleep(IN_THE_CALL_MS);
      var killed = kill(sandbox);
      agent.await("system");
      samples.add(millisSince(killed));
      agent.await("result");
    }
  }

  private static boolean isThere(String sandbox) {
    // As the agent's user: root has no capability there, and may not look.
    return Shell.firstLine(
            "docker", "exec", "-u", "10002", sandbox, "test", "-e", "/workspace/project/" + MARK)
        != null;
  }

  /** Kills all that runs in a container, and gives the moment. */
  private static long kill(String container) {
    var pid = Shell.firstLine("docker", "inspect", "-f", "{{.State.Pid}}", container);
    if (pid == null || pid.equals("0")) {
      throw new IllegalStateException("the container " + container + " does not run");
    }
    var now = System.nanoTime();
    if (Shell.firstLine("kill", "-KILL", pid) == null) {
      throw new IllegalStateException(
          "process %s cannot be killed (expected: the bench runs as root)".formatted(pid));
    }
    return now;
  }

  private static void await(BooleanSupplier holds) throws InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the call did not begin in " + PATIENCE);
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
  }

  private static double millisSince(long started) {
    return (System.nanoTime() - started) / 1e6;
  }
}
