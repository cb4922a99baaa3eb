package dev.berth.workflows.session;

import dev.berth.protocol.Problem;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SandboxActivities.StopSandboxInput;
import dev.berth.workflows.ports.SessionActivities.NamedEvent;
import dev.berth.workflows.session.SandboxStart.Late;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** The sandbox of a session: started when wanted, replaced when lost, stopped when idle. */
final class SessionSandbox {
  private static final Logger LOG = Workflow.getLogger(SessionSandbox.class);

  /** How often a sandbox that was spared is asked whether its background work is done. */
  private static final Duration BACKGROUND_LOOK = Duration.ofMinutes(5);

  /** One more write. To be removed with the marker of the snapshots. */
  private static final String GIVES_UP = "gives-up-sandboxes";

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private @Nullable Late late;

  SessionSandbox(SessionInput input, SessionActivityStubs activities, SessionProgress progress) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
  }

  /** What became of a start. */
  sealed interface Start {
    record Started() implements Start {}

    record Failed(Problem problem) implements Start {}

    /** It is not wanted any more. */
    record Cut() implements Start {}
  }

  /** Starts a sandbox for a client that has not sent anything yet; a failure can wait. */
  void startAhead() {
    progress.show(new Phase.Provisioning());
    var start = ensure(null, List.of(), Duration.ZERO, () -> progress.state().closing() != null);
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
   * @param patience how long to wait for what is away
   * @param cut whether the sandbox is not wanted any more; ends a wait for what is away
   */
  Start ensure(
      @Nullable SandboxEndReason lost,
      List<SessionEvent> events,
      Duration patience,
      Supplier<Boolean> cut) {
    Workflow.await(() -> late == null || cut.get());
    if (late != null) {
      return new Start.Cut();
    }
    if (progress.state().sandbox() != null) {
      return new Start.Started();
    }
    return new SandboxStart(input, activities, progress, new Outage(progress, patience, cut))
        .run(lost, events, this::leave);
  }

  /** Whether no start is under way that nobody waits for. */
  boolean isQuiet() {
    return late == null;
  }

  /** Stops the sandbox, if there is one; what cannot be stopped the sweep removes. */
  void stop(SandboxEndReason reason) {
    stop(reason, false);
  }

  /**
   * Stops the sandbox when nothing was to do for some time. As long as something works in it, the
   * agent in the background or a call beside one that waits, it is left alone, within a bound; then
   * that work is lost, and the log says so.
   *
   * @param after how long nothing may be to do
   * @param bound how long such work keeps the sandbox, counted from now
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

  /** Gives true when the sandbox was spared, because something works in it. */
  private boolean stop(SandboxEndReason reason, boolean sparing) {
    Workflow.await(this::isQuiet);
    var sandbox = progress.state().sandbox();
    if (sandbox == null) {
      return false;
    }
    var before = progress.state().lastSandboxEnd();
    // A turn that may be spared is to be heard, and to hear of answers, while its host looks.
    var isHeard = sparing && reason == SandboxEndReason.PARKED;
    if (!isHeard) {
      progress.change(state -> state.withoutSandbox(reason));
    }
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
      } else if (isHeard) {
        progress.change(state -> state.withoutSandbox(reason));
      }
      return stopped.spared();
    } catch (ActivityFailure failure) {
      if (isCancelled(failure)) {
        throw failure;
      }
      LOG.warn("sandbox {} is left to the sweep of its host", sandbox.sandboxId(), failure);
      if (Workflow.getVersion(GIVES_UP, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
        return false;
      }
      if (sparing) {
        // What works in it may be worth more than its memory: it is asked again.
        progress.change(state -> state.withSpared(sandbox, before));
        return true;
      }
      giveUp(sandbox, reason);
      return false;
    }
  }

  /** Lets go of the sandbox, if there is one, whose host does not answer. */
  void giveUp(SandboxEndReason reason) {
    var sandbox = progress.state().sandbox();
    if (sandbox != null) {
      progress.change(state -> state.withoutSandbox(reason));
      giveUp(sandbox, reason);
    }
  }

  /** The sweep of its host, when that is back, removes what the log says has ended. */
  private void giveUp(SessionState.Sandbox sandbox, SandboxEndReason reason) {
    progress.record(
        "gave sandbox %s up".formatted(sandbox.sandboxId()),
        new NamedEvent(
            SessionEvent.SandboxEnded.id(sandbox.sandboxId()),
            new SessionEvent.SandboxEnded(
                sandbox.sandboxId(), reason, "its host did not answer", null)));
  }

  /** A turn was cut while it waited for its sandbox: should that come up after all, it serves. */
  private void leave(Late start) {
    late = start;
    start
        .started()
        .handle((started, failure) -> {
          late = null;
          if (failure == null) {
            progress.change(state -> state.withSandbox(SandboxStart.sandbox(start.allocated())));
          }
          return null;
        });
  }

  static boolean isCancelled(ActivityFailure failure) {
    return failure.getCause() instanceof io.temporal.failure.CanceledFailure;
  }
}
