package dev.berth.workflows.session;

import dev.berth.protocol.HostId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.Failures;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SandboxActivities.SandboxStarted;
import dev.berth.workflows.ports.SandboxActivities.StartSandboxInput;
import dev.berth.workflows.ports.SessionActivities.AllocateInput;
import dev.berth.workflows.ports.SessionActivities.Allocated;
import dev.berth.workflows.session.SessionSandbox.Start;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.TimeoutFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One start of a sandbox, with its attempts. What fails in passing is tried a few times, each under
 * an epoch of its own. What is away is waited for under one epoch, since nothing of it has come up;
 * only of a host that does not answer nobody knows that.
 */
final class SandboxStart {
  /** Before a start is tried again; the second retry waits twice as long, and so on. */
  private static final Duration BACK_OFF = Duration.ofSeconds(1);

  /** A wait where a turn failed. To be removed with the marker of the snapshots. */
  private static final String SILENT_HOSTS = "waits-for-silent-hosts";

  /** A turn that was cut in its recovery ended at once. To be removed with the same. */
  private static final String CUT_RECOVERY = "awaits-recovery-to-cut";

  /** Starts that failed went on for a turn that was cut. To be removed with the same. */
  private static final String FOR_NOBODY = "ends-starts-for-nobody";

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private final Outage outage;
  private final List<HostId> avoid = new ArrayList<>();
  private @Nullable AllocateInput asked;
  private @Nullable Allocated allocated;

  SandboxStart(
      SessionInput input,
      SessionActivityStubs activities,
      SessionProgress progress,
      Outage outage) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
    this.outage = outage;
  }

  /** What is left of a start that nobody waits for any more: it ends by itself. */
  record Late(Allocated allocated, Promise<SandboxStarted> started) {}

  /** Takes what is left of a start. */
  interface Leftover {
    void leave(Late late);
  }

  /**
   * Starts until a sandbox serves, or nothing helps.
   *
   * @param lost why the turn that is to go on lost its sandbox; null otherwise
   * @param events what clients are to hear of it
   */
  Start run(@Nullable SandboxEndReason lost, List<SessionEvent> events, Leftover leftover) {
    var toTell = events;
    for (var attempt = 1; ; ) {
      Problem problem;
      try {
        var here = allocate(toTell);
        toTell = List.of();
        var started = start(here, lost);
        if (started != null) {
          leftover.leave(new Late(here, started));
          return new Start.Cut();
        }
        return new Start.Started();
      } catch (ActivityFailure failure) {
        if (SessionSandbox.isCancelled(failure)) {
          throw failure;
        }
        problem = problem(failure);
      }
      if (problem.type() == ProblemType.TIMED_OUT && allocated != null) {
        problem = silent(allocated.hostId(), problem);
      }
      if (problem.away() != null) {
        switch (outage.await(problem.away())) {
          case GIVE_UP -> {
            return new Start.Failed(outage.inVain(problem));
          }
          case CUT -> {
            return new Start.Cut();
          }
          case TRY_AGAIN -> {}
        }
        if (problem.away() == PlatformPart.HOST) {
          forget();
        }
        continue;
      }
      if (!isWorthAnother(problem) || attempt >= input.policy().startAttempts()) {
        return new Start.Failed(problem);
      }
      if (isForNobody(problem)) {
        return new Start.Cut();
      }
      forget();
      TimedWait.await(
          BACK_OFF.multipliedBy(attempt),
          "another start",
          () -> progress.state().closing() != null);
      if (isForNobody(problem)) {
        return new Start.Cut();
      }
      attempt++;
    }
  }

  /**
   * Another host is asked instead of one that does not answer. When it is asked all the same, there
   * is no other one: the session waits for a host.
   */
  private Problem silent(HostId host, Problem problem) {
    if (!avoid.contains(host)) {
      avoid.add(host);
      return problem;
    }
    return Workflow.getVersion(SILENT_HOSTS, Workflow.DEFAULT_VERSION, 1)
            == Workflow.DEFAULT_VERSION
        ? problem
        : Problem.away(PlatformPart.HOST, "No sandbox host answers; start a worker.");
  }

  /**
   * Whether another sandbox would come up for a turn that was cut meanwhile. One whose host does
   * not answer may come up late, with an agent that takes the turn up: it needs the next one to
   * replace it.
   */
  private boolean isForNobody(Problem failed) {
    return outage.isUnwanted()
        && failed.type() != ProblemType.TIMED_OUT
        && Workflow.getVersion(FOR_NOBODY, Workflow.DEFAULT_VERSION, 1) != Workflow.DEFAULT_VERSION;
  }

  /** The next attempt asks for a place of its own. */
  private void forget() {
    asked = null;
    allocated = null;
  }

  /** The place for the sandbox, asked for once: a repeat after an outage is the same request. */
  private Allocated allocate(List<SessionEvent> events) {
    if (allocated != null) {
      return allocated;
    }
    if (asked == null) {
      progress.change(SessionState::allocating);
      var told = new ArrayList<>(events);
      var phase = progress.state().phase();
      told.addFirst(
          new SessionEvent.StatusChanged(
              phase.status(), Objects.requireNonNullElse(phase.reason(), "provisioning")));
      asked =
          new AllocateInput(
              input.projectId(),
              input.sessionId(),
              Workflow.getInfo().getRunId() + "/" + progress.state().allocations(),
              List.copyOf(avoid),
              progress.named(told));
    }
    allocated = activities.session("allocate a host and an epoch").allocate(asked);
    return allocated;
  }

  /** Gives null when the sandbox serves, or a start that goes on while nobody wants it any more. */
  private @Nullable Promise<SandboxStarted> start(Allocated here, @Nullable SandboxEndReason lost) {
    var started =
        Async.function(
            activities.sandbox(here.hostId(), "start sandbox, epoch " + here.epoch())::start,
            new StartSandboxInput(
                input.projectId(), input.sessionId(), here.sandboxId(), here.epoch(), lost));
    Workflow.await(() -> started.isCompleted() || outage.isCut());
    if (!started.isCompleted() && lost != null && isAwaitedWhenCut()) {
      // Its agent takes the turn up by itself; only there can it be interrupted.
      Workflow.await(() -> started.isCompleted() || progress.state().closing() != null);
    }
    if (!started.isCompleted()) {
      return started;
    }
    var _ = started.get();
    progress.change(state -> state.withSandbox(sandbox(here)));
    return null;
  }

  private static boolean isAwaitedWhenCut() {
    return Workflow.getVersion(CUT_RECOVERY, Workflow.DEFAULT_VERSION, 1)
        != Workflow.DEFAULT_VERSION;
  }

  static SessionState.Sandbox sandbox(Allocated allocated) {
    return new SessionState.Sandbox(allocated.hostId(), allocated.sandboxId(), allocated.epoch());
  }

  /** An answer that never comes to a question to the database says that it is away. */
  private Problem problem(ActivityFailure failure) {
    return allocated == null && failure.getCause() instanceof TimeoutFailure
        ? Problem.away(PlatformPart.DATABASE, "The database does not answer.")
        : Failures.problem(failure);
  }

  private static boolean isWorthAnother(Problem problem) {
    return problem.type().retryable() || problem.type() == ProblemType.SUPERSEDED;
  }
}
