package dev.berth.activities.sandbox;

import dev.berth.activities.Outages;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.SandboxActivities;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Starts and stops the sandboxes of this host for the sessions that ask. */
public final class HostSandboxActivities implements SandboxActivities {
  private final HostSandboxes sandboxes;
  private final Map<SandboxId, CompletableFuture<Boolean>> starting = new ConcurrentHashMap<>();

  public HostSandboxActivities(HostSandboxes sandboxes) {
    this.sandboxes = sandboxes;
  }

  @Override
  public SandboxStarted start(StartSandboxInput input) {
    var serving =
        new Serving(input.projectId(), input.sessionId(), input.sandboxId(), input.epoch());
    return new SandboxStarted(
        Heartbeats.during("sandbox-start", () -> start(serving, input.resumeReason())));
  }

  @Override
  public SandboxStopped stop(StopSandboxInput input) {
    return Heartbeats.during(
        "sandbox-stop",
        () ->
            sandboxes.stop(
                input.sessionId(),
                input.sandboxId(),
                input.reason(),
                Boolean.TRUE.equals(input.sparing())));
  }

  @Override
  public void answer() {
    // That it is called is the answer.
  }

  /** Two attempts at one start, such as when heartbeats were lost, are one start. */
  private boolean start(Serving serving, @Nullable SandboxEndReason lost) {
    var own = new CompletableFuture<Boolean>();
    var other = starting.putIfAbsent(serving.sandbox(), own);
    if (other != null) {
      return joined(other);
    }
    try {
      own.complete(Outages.naming(() -> sandboxes.start(serving, lost)));
    } catch (RuntimeException failed) {
      own.completeExceptionally(failed);
    } finally {
      starting.remove(serving.sandbox(), own);
    }
    return joined(own);
  }

  /** What is away, the session waits for: it knows for how long, and says so. */
  private static boolean joined(CompletableFuture<Boolean> start) {
    try {
      return start.join();
    } catch (CompletionException failed) {
      throw switch (failed.getCause()) {
        case ProblemException named when named.problem().away() != null ->
            Failures.away(named.problem());
        case RuntimeException other -> other;
        case null, default -> failed;
      };
    }
  }
}
