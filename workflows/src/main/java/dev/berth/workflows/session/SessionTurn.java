package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.Failures;
import dev.berth.workflows.Failures.SandboxLoss;
import dev.berth.workflows.TimedWait;
import dev.berth.workflows.ports.SessionActivities.EndTurnInput;
import dev.berth.workflows.ports.TurnActivities.InterruptTurnInput;
import dev.berth.workflows.ports.TurnActivities.RunTurnInput;
import dev.berth.workflows.ports.TurnActivities.TurnResult;
import dev.berth.workflows.session.SessionSandbox.Start;
import dev.berth.workflows.session.SilentHost.Then;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** One turn, from the message at the head of the queue to its one end, over lost sandboxes. */
final class SessionTurn {
  private static final Logger LOG = Workflow.getLogger(SessionTurn.class);

  /**
   * One more event takes one more random number, and the ids of activities are such numbers. To be
   * removed with the marker of the snapshots.
   */
  private static final String SUPERSEDED = "message-superseded";

  private static final Problem UNANSWERED =
      new Problem(
          ProblemType.TIMED_OUT,
          "Nobody answered for a call that waited for an approval; send the message again.");

  /**
   * A turn that was cut while its sandbox started was begun all the same. To be removed with the
   * marker of the snapshots.
   */
  private static final String CUT = "cut-before-turn";

  private static final int CUT_THERE = 2;

  /** A timer before the third sandbox of a turn. To be removed with the marker of the snapshots. */
  private static final String BACK_OFF = "turn-back-off";

  /** What was parked counted as lost. To be removed with the same. */
  private static final String LOSSES_ONLY = "turn-back-off-by-losses";

  /**
   * A session whose last client went in mid-turn was completed only when no sandbox had been lost.
   * To be removed with the same.
   */
  private static final String LEFT = "completes-who-was-left";

  /** Before a turn's third sandbox; twice as long before the fourth, and so on. */
  private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(1);

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private final SessionSandbox sandbox;
  private final SessionApprovals approvals;

  SessionTurn(
      SessionInput input,
      SessionActivityStubs activities,
      SessionProgress progress,
      SessionSandbox sandbox,
      SessionApprovals approvals) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
    this.sandbox = sandbox;
    this.approvals = approvals;
  }

  /** Runs the first message of the queue to its end; gives the turn that it was. */
  TurnId runNext() {
    progress.change(SessionState::turnBegun);
    var message = requireNonNull(progress.state().running());
    var ended = run(message);
    progress.change(state -> state.turnEnded(ended.reason()));
    if (progress.state().isLeft()
        && Workflow.getVersion(LEFT, Workflow.DEFAULT_VERSION, 1) != Workflow.DEFAULT_VERSION) {
      progress.change(SessionState::left);
    }
    if (ended.idle() && progress.state().queue().isEmpty()) {
      progress.show(new Phase.Idle());
    }
    return new TurnId(message.value());
  }

  /** Ends the messages that wait and will not be run any more. */
  void endWaiting(StopReason reason, Problem problem) {
    while (!progress.state().queue().isEmpty()) {
      progress.change(SessionState::turnBegun);
      var message = requireNonNull(progress.state().running());
      var stands = end(message, reason, problem);
      progress.change(state -> state.turnEnded(stands));
    }
  }

  /**
   * Ends a message that left the queue before its turn.
   *
   * @return the end that stands: its turn may have ended before
   */
  StopReason withdraw(MessageId message) {
    return end("withdraw", message, StopReason.WITHDRAWN, null);
  }

  private Attempt.Ended run(MessageId message) {
    @Nullable SandboxLoss loss = null;
    var losses = 0;
    for (var attempt = 1; losses < input.policy().turnAttempts(); attempt++) {
      if (isCut(message)) {
        return ended(message, StopReason.INTERRUPTED, null);
      }
      switch (ensureSandbox(message, loss, attempt)) {
        case Start.Failed(var problem) -> {
          return ended(message, stopReason(problem), problem);
        }
        case Start.Cut() -> {
          return ended(message, StopReason.INTERRUPTED, null);
        }
        case Start.Started() -> {}
      }
      if (isCut(message) && endsBeforeItBegins(loss)) {
        return ended(message, StopReason.INTERRUPTED, null);
      }
      if (progress.state().isAsking()) {
        progress.change(state -> state.asking(List.of()));
      }
      progress.show(new Phase.Running());
      switch (attempt(message, attempt)) {
        case Attempt.Ended ended -> {
          return ended;
        }
        case Attempt.Failed(var problem) -> {
          if (problem.type() == ProblemType.DISK_FULL) {
            progress.change(state -> state.withoutSandbox(SandboxEndReason.DISK_FULL));
          }
          return ended(message, stopReason(problem), problem);
        }
        case Attempt.Lost(var lost) when lost.reason() == SandboxEndReason.PARKED -> {
          loss = lost;
          progress.change(state -> state.withoutSandbox(lost.reason()));
          if (!approvals.awaitAnswers(() -> isCut(message))) {
            return ended(message, StopReason.TIMED_OUT, UNANSWERED);
          }
        }
        case Attempt.Lost(var lost) -> {
          loss = lost;
          losses++;
          LOG.warn("turn {} lost its sandbox: {}", message, lost);
          progress.change(state -> state.withoutSandbox(lost.reason()));
          progress.show(new Phase.Recovering(lost.reason()));
          backOff(message, attempt, losses);
        }
      }
    }
    if (isCut(message)) {
      // The last loss may be what the interrupt came to.
      return ended(message, StopReason.INTERRUPTED, null);
    }
    return ended(
        message,
        StopReason.RETRIES_EXHAUSTED,
        new Problem(
            ProblemType.RETRIES_EXHAUSTED,
            "The turn lost its sandbox %d times, last: %s. Send the message again, or a new one."
                .formatted(
                    input.policy().turnAttempts(), loss == null ? "unknown" : loss.detail())));
  }

  /**
   * A turn that was cut while its sandbox started is not begun. But an agent that takes a turn up
   * does so by itself, as soon as it is there: that turn is handed over, and interrupted there.
   */
  private boolean endsBeforeItBegins(@Nullable SandboxLoss loss) {
    return switch (Workflow.getVersion(CUT, Workflow.DEFAULT_VERSION, CUT_THERE)) {
      case Workflow.DEFAULT_VERSION -> false;
      case CUT_THERE -> loss == null || progress.state().closing() != null;
      default -> true;
    };
  }

  /**
   * One loss is an accident, and taken up at once; whatever strikes again gets more and more time.
   */
  private void backOff(MessageId message, int attempt, int lost) {
    if (attempt < 2) {
      return;
    }
    // A turn that was parked for an approval has an attempt more for each time.
    var losses =
        Workflow.getVersion(LOSSES_ONLY, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION
            ? attempt
            : lost;
    if (losses < 2
        || losses == input.policy().turnAttempts()
        || Workflow.getVersion(BACK_OFF, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
      return;
    }
    TimedWait.await(
        FIRST_BACK_OFF.multipliedBy(1L << (losses - 2)),
        "another sandbox for the turn",
        () -> isCut(message));
  }

  private Start ensureSandbox(MessageId message, @Nullable SandboxLoss loss, int attempt) {
    var parked = loss != null && loss.reason() == SandboxEndReason.PARKED;
    if (progress.state().sandbox() == null && (loss == null || parked)) {
      progress.show(new Phase.Queued());
    }
    return sandbox.ensure(
        loss == null ? null : loss.reason(),
        loss == null || parked ? List.of() : lost(loss, attempt),
        input.policy().outage(),
        () -> isCut(message));
  }

  /** What clients hear of a lost sandbox. */
  private static List<SessionEvent> lost(SandboxLoss loss, int attempt) {
    var rescheduled = new SessionEvent.Rescheduled(loss.reason(), attempt);
    return Workflow.getVersion(SUPERSEDED, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION
        ? List.of(rescheduled)
        // Nobody knows what was streamed: the worker may be lost with the sandbox.
        : List.of(rescheduled, new SessionEvent.MessageSuperseded(null));
  }

  /** What became of one try of a turn, as far as its host tells. */
  private sealed interface Tried permits Attempt, Silent {}

  /** The worker of its host does not answer: its sandbox may be lost, or work on. */
  private record Silent(SandboxLoss loss) implements Tried {}

  /** What became of one try of a turn. */
  private sealed interface Attempt extends Tried {
    /**
     * @param idle whether the log says already that the session is idle
     */
    record Ended(StopReason reason, boolean idle) implements Attempt {}

    record Lost(SandboxLoss loss) implements Attempt {}

    record Failed(Problem problem) implements Attempt {}
  }

  private Attempt attempt(MessageId message, int attempt) {
    var serving = requireNonNull(progress.state().sandbox());
    var host = new SilentHost(input, activities, progress, () -> isCut(message));
    while (true) {
      switch (carryOut(serving, message, attempt)) {
        case Attempt known -> {
          return known;
        }
        case Silent(var loss) -> {
          switch (host.await(serving.hostId())) {
            case Then.Answers() -> {}
            case Then.Lost() -> {
              return new Attempt.Lost(loss);
            }
            case Then.Elsewhere(), Then.Cut() -> {
              // Its agent may work on; the host hears, when it is back, that nobody wants it.
              sandbox.giveUp(loss.reason());
              return new Attempt.Lost(loss);
            }
            case Then.InVain(var problem) -> {
              sandbox.giveUp(loss.reason());
              return new Attempt.Failed(problem);
            }
          }
        }
      }
    }
  }

  private Tried carryOut(SessionState.Sandbox serving, MessageId message, int attempt) {
    var turn =
        Async.function(
            activities.turn(
                    serving.hostId(),
                    "turn %d%s"
                        .formatted(
                            progress.state().turns(), attempt == 1 ? "" : ", attempt " + attempt))
                ::run,
            new RunTurnInput(
                input.projectId(),
                input.sessionId(),
                serving.sandboxId(),
                serving.epoch(),
                new TurnId(message.value()),
                message,
                progress.state().turns(),
                attempt));
    if (approvals.awaitTurn(sandbox, () -> turn.isCompleted() || isCut(message))
        && !turn.isCompleted()) {
      interrupt(serving, message);
    }
    return outcome(turn);
  }

  /** The interrupt is on its way while the turn goes on to its end. */
  private void interrupt(SessionState.Sandbox serving, MessageId message) {
    var sent =
        Async.function(
            activities.interrupt(serving.hostId(), "interrupt turn " + progress.state().turns())
                ::interrupt,
            new InterruptTurnInput(
                input.sessionId(),
                serving.sandboxId(),
                serving.epoch(),
                new TurnId(message.value())));
    sent.handle((result, failure) -> {
      if (failure != null) {
        LOG.warn("the interrupt of turn {} was not delivered", message, failure);
      }
      return null;
    });
  }

  private Tried outcome(Promise<TurnResult> turn) {
    try {
      var result = turn.get();
      return new Attempt.Ended(result.stopReason(), result.idle());
    } catch (ActivityFailure failure) {
      if (SessionSandbox.isCancelled(failure)) {
        throw failure;
      }
      if (Failures.isOverTime(failure)) {
        // Nothing else ends what its agent is at.
        sandbox.stop(SandboxEndReason.TURN_TIMED_OUT);
        return new Attempt.Failed(tooLong());
      }
      var loss = Failures.sandboxLoss(failure);
      if (loss.isPresent()) {
        return Failures.isSilence(failure) ? new Silent(loss.get()) : lost(loss.get());
      }
      var problem = Failures.problem(failure);
      return problem.type() == ProblemType.SUPERSEDED
          ? new Attempt.Lost(new SandboxLoss(SandboxEndReason.SUPERSEDED, problem.message()))
          : new Attempt.Failed(problem);
    }
  }

  private Problem tooLong() {
    return new Problem(
        ProblemType.TIMED_OUT,
        "The turn took longer than %s; send the message again, or ask for less at a time."
            .formatted(input.policy().turn()));
  }

  /** A full disk is as full for the next sandbox. */
  private static Attempt lost(SandboxLoss loss) {
    return loss.reason() == SandboxEndReason.DISK_FULL
        ? new Attempt.Failed(new Problem(ProblemType.DISK_FULL, loss.detail()))
        : new Attempt.Lost(loss);
  }

  private Attempt.Ended ended(MessageId message, StopReason reason, @Nullable Problem problem) {
    approvals.withdrawAll();
    return new Attempt.Ended(end(message, reason, problem), false);
  }

  private StopReason end(MessageId message, StopReason reason, @Nullable Problem problem) {
    return end(
        "end turn %d: %s".formatted(progress.state().turns(), reason.wireName()),
        message,
        reason,
        problem);
  }

  private StopReason end(
      String summary, MessageId message, StopReason reason, @Nullable Problem problem) {
    return activities
        .session(summary)
        .endTurn(
            new EndTurnInput(
                input.sessionId(), new TurnId(message.value()), message, reason, problem))
        .stopReason();
  }

  private boolean isCut(MessageId message) {
    return message.equals(progress.state().cut()) || progress.state().closing() != null;
  }

  private static StopReason stopReason(Problem problem) {
    return switch (problem.type()) {
      case DISK_FULL -> StopReason.DISK_FULL;
      case TIMED_OUT -> StopReason.TIMED_OUT;
      case RETRIES_EXHAUSTED -> StopReason.RETRIES_EXHAUSTED;
      case TRANSCRIPT_MISSING -> StopReason.TRANSCRIPT_MISSING;
      case UNAVAILABLE ->
          problem.away() == null ? StopReason.SANDBOX_FAILED : StopReason.UNAVAILABLE;
      default -> StopReason.SANDBOX_FAILED;
    };
  }
}
