package dev.berth.workflows.session;

import dev.berth.protocol.HostId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.Failures;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SandboxActivities.StartSandboxInput;
import dev.berth.workflows.ports.SandboxActivities.StopSandboxInput;
import dev.berth.workflows.ports.SessionActivities.AllocateInput;
import dev.berth.workflows.ports.SessionActivities.Allocated;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** The sandbox of a session: started when wanted, replaced when lost, stopped when idle. */
final class SessionSandbox {
  private static final Logger LOG = Workflow.getLogger(SessionSandbox.class);

  /** Before a start is tried again; the second retry waits twice as long, and so on. */
  private static final Duration BACK_OFF = Duration.ofSeconds(1);

  /** How often a sandbox that was spared is asked whether its background work is done. */
  private static final Duration BACKGROUND_LOOK = Duration.ofMinutes(5);

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;

  SessionSandbox(SessionInput input, SessionActivityStubs activities, SessionProgress progress) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
  }

  /** What became of a start. */
  sealed interface Start {
    record Started() implements Start {}

    record Failed(Problem problem) implements Start {}
  }

  /** Starts a sandbox for a client that has not sent anything yet; a failure can wait. */
  void startAhead() {
    progress.show(new Phase.Provisioning());
    var start = ensure(null, List.of());
    if (start instanceof Start.Failed(var problem)) {
      LOG.warn("no sandbox ahead of the first message: {}", problem.message());
      progress.change(state -> state.withoutSandbox(null));
    }
  }

  /**
   * Makes sure that a sandbox serves the session.
   *
   * @param lost why the turn that is to go on lost its sandbox; null otherwise
   * @param events what clients are to hear of it
   */
  Start ensure(@Nullable SandboxEndReason lost, List<SessionEvent> events) {
    if (progress.state().sandbox() != null) {
      return new Start.Started();
    }
    var avoid = new ArrayList<HostId>();
    var toTell = events;
    for (var attempt = 1; ; attempt++) {
      var allocated = allocate(avoid, toTell);
      toTell = List.of();
      try {
        start(allocated, lost);
        return new Start.Started();
      } catch (ActivityFailure failure) {
        if (isCancelled(failure)) {
          throw failure;
        }
        var problem = Failures.problem(failure);
        if (problem.type() == ProblemType.TIMED_OUT) {
          avoid.add(allocated.hostId());
        }
        if (!isWorthAnother(problem) || attempt >= input.policy().startAttempts()) {
          return new Start.Failed(problem);
        }
        TimedWait.await(
            BACK_OFF.multipliedBy(attempt),
            "another start",
            () -> progress.state().closing() != null);
      }
    }
  }

  /** Stops the sandbox, if there is one; what cannot be stopped the sweep removes. */
  void stop(SandboxEndReason reason) {
    stop(reason, false);
  }

  /**
   * Stops the sandbox when nothing was to do for some time. As long as its agent works in the
   * background it is left alone, within a bound; then that work is lost, and the log says so.
   *
   * @param after how long nothing may be to do
   * @param bound how long background work keeps the sandbox, counted from now
   * @param busy whether there is something to do
   */
  void stopAfter(
      Duration after,
      Duration bound,
      String summary,
      SandboxEndReason reason,
      Supplier<Boolean> busy) {
    var waited = Duration.ZERO;
    var next = after;
    while (!TimedWait.await(next, summary, busy)) {
      waited = waited.plus(next);
      var left = bound.minus(waited);
      if (!stop(reason, left.isPositive())) {
        return;
      }
      next = left.compareTo(BACKGROUND_LOOK) < 0 ? left : BACKGROUND_LOOK;
    }
  }

  /** Gives true when the sandbox was spared, because its agent works in the background. */
  private boolean stop(SandboxEndReason reason, boolean sparing) {
    var sandbox = progress.state().sandbox();
    if (sandbox == null) {
      return false;
    }
    var before = progress.state().lastSandboxEnd();
    progress.change(state -> state.withoutSandbox(reason));
    try {
      var stopped =
          activities
              .sandbox(sandbox.hostId(), "stop sandbox: " + reason.wireName())
              .stop(
                  new StopSandboxInput(
                      input.sessionId(),
                      sandbox.sandboxId(),
                      sandbox.epoch(),
                      reason,
                      sparing ? true : null));
      if (stopped.spared()) {
        progress.change(state -> state.withSpared(sandbox, before));
      }
      return stopped.spared();
    } catch (ActivityFailure failure) {
      if (isCancelled(failure)) {
        throw failure;
      }
      LOG.warn("sandbox {} is left to the sweep of its host", sandbox.sandboxId(), failure);
      return false;
    }
  }

  private Allocated allocate(List<HostId> avoid, List<SessionEvent> events) {
    progress.change(SessionState::allocating);
    var told = new ArrayList<>(events);
    told.addFirst(
        new SessionEvent.StatusChanged(progress.state().phase().status(), "provisioning"));
    return activities
        .session("allocate a host and an epoch")
        .allocate(
            new AllocateInput(
                input.projectId(),
                input.sessionId(),
                Workflow.getInfo().getRunId() + "/" + progress.state().allocations(),
                List.copyOf(avoid),
                progress.named(told)));
  }

  private void start(Allocated allocated, @Nullable SandboxEndReason lost) {
    activities
        .sandbox(allocated.hostId(), "start sandbox, epoch " + allocated.epoch())
        .start(
            new StartSandboxInput(
                input.projectId(),
                input.sessionId(),
                allocated.sandboxId(),
                allocated.epoch(),
                lost));
    progress.change(state ->
        state.withSandbox(
            new SessionState.Sandbox(
                allocated.hostId(), allocated.sandboxId(), allocated.epoch())));
  }

  private static boolean isWorthAnother(Problem problem) {
    return problem.type().retryable() || problem.type() == ProblemType.SUPERSEDED;
  }

  static boolean isCancelled(ActivityFailure failure) {
    return failure.getCause() instanceof io.temporal.failure.CanceledFailure;
  }
}
