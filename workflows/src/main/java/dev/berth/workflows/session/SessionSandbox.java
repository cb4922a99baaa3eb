package dev.berth.workflows.session;

import dev.berth.protocol.Problem;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.ports.SandboxActivities.StopSandboxInput;
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
      progress.change(SessionState::withoutSandbox);
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
    Workflow.await(this::isQuiet);
    var sandbox = progress.state().sandbox();
    if (sandbox == null) {
      return;
    }
    progress.change(SessionState::withoutSandbox);
    try {
      activities
          .sandbox(sandbox.hostId(), "stop sandbox: " + reason.wireName())
          .stop(
              new StopSandboxInput(
                  input.sessionId(), sandbox.sandboxId(), sandbox.epoch(), reason));
    } catch (ActivityFailure failure) {
      if (isCancelled(failure)) {
        throw failure;
      }
      LOG.warn("sandbox {} is left to the sweep of its host", sandbox.sandboxId(), failure);
    }
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
