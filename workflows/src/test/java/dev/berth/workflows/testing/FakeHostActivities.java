package dev.berth.workflows.testing;

import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.SandboxActivities;
import dev.berth.workflows.ports.TurnActivities;
import dev.berth.workflows.ports.WorkspaceActivities;
import io.temporal.failure.ApplicationFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A host whose sandboxes exist in memory. What a test says in advance happens to the next starts
 * and turns; without a word everything succeeds at once.
 */
public final class FakeHostActivities
    implements SandboxActivities, TurnActivities, WorkspaceActivities {
  private final FakeSessionActivities session;
  private final Queue<Problem> failingStarts = new ConcurrentLinkedQueue<>();
  private final AtomicInteger failingInterrupts = new AtomicInteger();
  private volatile boolean failingStops;
  private final Queue<CompletableFuture<Void>> heldStarts = new ConcurrentLinkedQueue<>();
  private final Queue<TurnBehaviour> behaviours = new ConcurrentLinkedQueue<>();
  private final Map<TurnId, CompletableFuture<@Nullable StopReason>> held = new HashMap<>();
  private final List<String> log = new ArrayList<>();
  private final Set<TurnId> running = new HashSet<>();
  private int most;
  private final List<TurnId> snapshots = new ArrayList<>();
  private final List<TurnId> runningSnapshots = new ArrayList<>();
  private volatile int background;
  private final Queue<CompletableFuture<Outcome>> heldSnapshots = new ConcurrentLinkedQueue<>();

  public FakeHostActivities(FakeSessionActivities session) {
    this.session = session;
  }

  /** What happens to a turn. */
  public sealed interface TurnBehaviour {
    /** It ends at once. */
    record Ends(StopReason reason) implements TurnBehaviour {}

    /** Ends, and has said in the log that the session is idle. */
    record EndsIdle(StopReason reason) implements TurnBehaviour {}

    /** Its sandbox is lost under it. */
    record LosesSandbox(SandboxEndReason reason) implements TurnBehaviour {}

    /** It runs until it is interrupted, or let go by {@link #finish}. */
    record Waits() implements TurnBehaviour {}
  }

  public void failNextStart(Problem problem) {
    failingStarts.add(problem);
  }

  /** From now on no sandbox can be stopped. */
  public void failStops() {
    failingStops = true;
  }

  /** What was said of failing starts is over. */
  public void startsWorkAgain() {
    failingStarts.clear();
  }

  /** So many of the next interrupts fail, as while the database is away. */
  public void failNextInterrupts(int count) {
    failingInterrupts.set(count);
  }

  /** The next start that does not fail takes until the stage is complete, and fails with it. */
  public void holdNextStart(CompletableFuture<Void> until) {
    heldStarts.add(until);
  }

  public void nextTurn(TurnBehaviour behaviour) {
    behaviours.add(behaviour);
  }

  /** Lets a waiting turn end. */
  public void finish(TurnId turn, StopReason reason) {
    waiting(turn).complete(reason);
  }

  /**
   * What was asked of the host, in order, as {@code start 1}, {@code turn 1 on 1}, {@code stop 1}.
   */
  public synchronized List<String> log() {
    return new ArrayList<>(log);
  }

  /** From now on this many tasks run in the background of every sandbox. */
  public void background(int tasks) {
    background = tasks;
  }

  /** The next snapshot takes until the stage is complete. */
  public void nextSnapshot(CompletableFuture<Outcome> outcome) {
    heldSnapshots.add(outcome);
  }

  /** The turns after which a snapshot was begun, in order. */
  public synchronized List<TurnId> snapshots() {
    return new ArrayList<>(snapshots);
  }

  @Override
  public SandboxStarted start(StartSandboxInput input) {
    var problem = failingStarts.poll();
    if (problem != null) {
      note("start %d failed".formatted(input.epoch()));
      throw problem.away() == null ? Failures.of(problem) : Failures.away(problem);
    }
    var held = heldStarts.poll();
    if (held != null) {
      note("start %d begins".formatted(input.epoch()));
      await(held, input.epoch());
    }
    note(
        "start %d%s"
            .formatted(
                input.epoch(),
                input.resumeReason() == null ? "" : " after " + input.resumeReason().wireName()));
    return new SandboxStarted(input.resumeReason() != null);
  }

  private void await(CompletableFuture<Void> held, int epoch) {
    try {
      held.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof ProblemException known) {
        note("start %d failed".formatted(epoch));
        throw Failures.of(known.problem());
      }
      throw failed;
    }
  }

  @Override
  public SandboxStopped stop(StopSandboxInput input) {
    if (failingStops) {
      note("no stop " + input.epoch());
      throw ApplicationFailure.newNonRetryableFailure("the host does not answer", "test");
    }
    if (Boolean.TRUE.equals(input.sparing()) && background > 0) {
      note("spare " + input.epoch());
      return new SandboxStopped(true, background);
    }
    note("stop %d: %s".formatted(input.epoch(), input.reason().wireName()));
    if (input.reason() == SandboxEndReason.PARKED) {
      parked();
    }
    return new SandboxStopped(true, 0);
  }

  /** Lets all turns go, so that their activities end with the test. */
  public synchronized void letGo() {
    held.values().forEach(turn -> turn.complete(StopReason.END_TURN));
  }

  /** The turns that run now. */
  public synchronized Set<TurnId> running() {
    return Set.copyOf(running);
  }

  /** The most turns that ran at the same time. */
  public synchronized int most() {
    return most;
  }

  @Override
  public void answer() {
    note("answers");
  }

  @Override
  public TurnResult run(RunTurnInput input) {
    note("turn %d on %d".formatted(input.number(), input.epoch()));
    begun(input.turnId());
    try {
      return answer(input);
    } finally {
      ended(input.turnId());
    }
  }

  private synchronized void begun(TurnId turn) {
    running.add(turn);
    most = Math.max(most, running.size());
  }

  private synchronized void ended(TurnId turn) {
    running.remove(turn);
  }

  private TurnResult answer(RunTurnInput input) {
    var behaviour = behaviours.poll();
    var reason =
        switch (behaviour == null ? new TurnBehaviour.Ends(StopReason.END_TURN) : behaviour) {
          case TurnBehaviour.Ends(var ends) -> ends;
          case TurnBehaviour.EndsIdle(var ends) -> ends;
          case TurnBehaviour.LosesSandbox(var lost) ->
              throw Failures.sandboxLost(lost, "lost in a test");
          case TurnBehaviour.Waits() -> waiting(input.turnId()).join();
        };
    if (reason == null) {
      throw Failures.sandboxLost(SandboxEndReason.PARKED, "parked in a test");
    }
    return new TurnResult(
        session.end(input.turnId(), reason), 1, behaviour instanceof TurnBehaviour.EndsIdle);
  }

  @Override
  public InterruptTurnResult interrupt(InterruptTurnInput input) {
    note("interrupt on %d".formatted(input.epoch()));
    if (failingInterrupts.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new IllegalStateException("the database does not answer");
    }
    return new InterruptTurnResult(waiting(input.turnId()).complete(StopReason.INTERRUPTED));
  }

  @Override
  public void tellApprovals(TellApprovalsInput input) {
    note("tell approvals on %d".formatted(input.epoch()));
  }

  @Override
  public SnapshotResult snapshot(SnapshotInput input) {
    synchronized (this) {
      snapshots.add(input.turnId());
    }
    var held = heldSnapshots.poll();
    return new SnapshotResult(held == null ? Outcome.QUIESCED : held.join());
  }

  /** What waits loses its sandbox, and goes on in another one. */
  private synchronized void parked() {
    var waiting = List.copyOf(held.values());
    held.clear();
    waiting.forEach(turn -> turn.complete(null));
  }

  @Override
  public SnapshotResult snapshotRunning(SnapshotInput input) {
    synchronized (this) {
      runningSnapshots.add(input.turnId());
      notifyAll();
    }
    return new SnapshotResult(Outcome.CRASH_CONSISTENT);
  }

  /** The turns of which a snapshot was taken while they ran, in order. */
  public synchronized List<TurnId> runningSnapshots() {
    return new ArrayList<>(runningSnapshots);
  }

  /** Waits until so many snapshots of running turns were taken. */
  public synchronized void awaitRunningSnapshots(int count) throws InterruptedException {
    while (runningSnapshots.size() < count) {
      wait();
    }
  }

  private synchronized CompletableFuture<@Nullable StopReason> waiting(TurnId turn) {
    return held.computeIfAbsent(turn, missing -> new CompletableFuture<>());
  }

  private synchronized void note(String what) {
    log.add(what);
  }
}
