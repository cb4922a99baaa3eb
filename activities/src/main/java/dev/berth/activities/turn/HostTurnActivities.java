package dev.berth.activities.turn;

import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;

import dev.berth.activities.sandbox.HostSandboxes;
import dev.berth.activities.sandbox.LiveSandbox;
import dev.berth.activities.sandbox.LiveSandbox.TurnOutcome;
import dev.berth.activities.session.RestartNotice;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ResumePoints;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.Notices;
import dev.berth.activities.workspace.RollbackNotice;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.AppendOutcome;
import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.ApprovalLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeCommand.RunTurn;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.StatusChanged;
import dev.berth.protocol.event.SessionEvent.TurnStarted;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.workflows.Failures;
import dev.berth.workflows.Failures.SandboxLoss;
import dev.berth.workflows.ports.TurnActivities;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Runs turns in the sandboxes of this host. Nothing here ends a turn but the agent itself, or an
 * interrupt: when Temporal takes the activity away, for whatever reason, the turn goes on in its
 * sandbox and the next attempt joins it.
 */
public final class HostTurnActivities implements TurnActivities {
  /** Well below the heartbeat time-out; also how soon a lost activity is noticed. */
  private static final Duration BEAT = Duration.ofSeconds(1);

  private final HostSandboxes sandboxes;
  private final DSLContext db;
  private final GroupCommit log;
  private final TurnEnds turnEnds;
  private final WorkspaceRecords workspaces;
  private final Restarts restarts;
  private final ResumePoints resumePoints;
  private final Duration interruptGrace;

  public HostTurnActivities(
      HostSandboxes sandboxes,
      DSLContext db,
      GroupCommit log,
      TurnEnds turnEnds,
      WorkspaceRecords workspaces,
      Restarts restarts,
      ResumePoints resumePoints,
      Duration interruptGrace) {
    this.sandboxes = sandboxes;
    this.db = db;
    this.log = log;
    this.turnEnds = turnEnds;
    this.workspaces = workspaces;
    this.restarts = restarts;
    this.resumePoints = resumePoints;
    this.interruptGrace = interruptGrace;
  }

  /** How far the turn is; shown in the Temporal UI while it runs. */
  private record Progress(String sandbox, int epoch, int attempt) {}

  @Override
  public TurnResult run(RunTurnInput input) {
    var message = message(input.sessionId(), input.messageId());
    if (message.ended()) {
      // By an earlier attempt, or before the workflow was reset to a moment at which it had not.
      return requireNonNull(end(input));
    }
    var sandbox = sandboxes.find(input.sandboxId());
    if (sandbox == null) {
      throw Failures.sandboxLost(SandboxEndReason.KILLED, "the sandbox is not on this host");
    }
    if (!isRepeated(input)) {
      resumePoints.turnBegins(input.sessionId(), input.epoch());
    }
    try {
      var start = start(input, input.attempt() > 1 && sandbox.approvals().isWaiting());
      var started = log.append(start);
      var outcome =
          sandbox.run(
              new RunTurn(
                  input.turnId(), input.messageId(), told(input, sandbox, message.content())));
      sandbox.live().committed(start, requireNotSuperseded(started));
      // An end that was written before the sandbox had the turn is told to nobody.
      var meanwhile = end(input);
      if (meanwhile != null) {
        sandbox.forget(input.turnId());
        return meanwhile;
      }
      return await(Activity.getExecutionContext(), input, sandbox, outcome);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }

  @Override
  public InterruptTurnResult interrupt(InterruptTurnInput input) {
    var sandbox = sandboxes.find(input.sandboxId());
    if (sandbox == null || turnEnds.find(input.sessionId(), input.turnId()) != null) {
      return new InterruptTurnResult(false);
    }
    var outcome = sandbox.interrupt(input.turnId());
    if (outcome == null) {
      return new InterruptTurnResult(false);
    }
    try {
      CompletableFuture.anyOf(outcome, sandbox.ended())
          .get(interruptGrace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException deaf) {
      if (turnEnds.find(input.sessionId(), input.turnId()) != null) {
        sandbox.forget(input.turnId());
        return new InterruptTurnResult(false);
      }
      sandbox.kill(SandboxEndReason.KILLED, "the agent did not end its turn in " + interruptGrace);
    } catch (ExecutionException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException interrupted) {
      // The worker that comes next is to hear of it, too: this one may not have told the bridge.
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
    return new InterruptTurnResult(true);
  }

  @Override
  public void tellApprovals(TellApprovalsInput input) {
    var sandbox = sandboxes.find(input.sandboxId());
    if (sandbox != null) {
      sandbox.approvals().deliver();
    }
  }

  /** How the turn has ended; null when it has not. */
  private @Nullable TurnResult end(RunTurnInput input) {
    var end = turnEnds.find(input.sessionId(), input.turnId());
    return end == null
        ? null
        : new TurnResult(end.reason(), end.seq(), end.idle() && isIdle(input.sessionId()));
  }

  /** What was said with the end may not stand: the loss of its sandbox was noticed after it. */
  private boolean isIdle(SessionId session) {
    return db.fetchExists(
        SESSIONS,
        SESSIONS.SESSION_ID.eq(UUID.fromString(session.value())),
        SESSIONS.STATUS.eq(SessionStatus.IDLE.wireName()));
  }

  /** Whether the turn began before: in another sandbox, or under another worker. */
  private static boolean isRepeated(RunTurnInput input) {
    return input.attempt() > 1 || Activity.getExecutionContext().getInfo().getAttempt() > 1;
  }

  /**
   * Says that the turn begins; the agent does not wait for it, the log keeps the order.
   *
   * @param waits whether a call of the turn waits for a person: its agent may have asked again by
   *     now
   */
  private static Request start(RunTurnInput input, boolean waits) {
    return new Request(
        input.sessionId(),
        new EventWriter.Sandbox(input.epoch()),
        List.of(
            NewEvent.of(
                "turn/%s/running/%d".formatted(input.turnId(), input.epoch()),
                waits
                    ? new StatusChanged(SessionStatus.REQUIRES_ACTION, ApprovalLog.REASON)
                    : new StatusChanged(SessionStatus.RUNNING, null)),
            NewEvent.of(
                    TurnEnds.startId(input.turnId(), input.epoch()),
                    new TurnStarted(input.number(), input.attempt()))
                .inTurn(input.turnId(), input.messageId())));
  }

  private static Appended requireNotSuperseded(CompletionStage<AppendOutcome> started) {
    return switch (started.toCompletableFuture().join()) {
      case Appended appended -> appended;
      case AppendOutcome.Superseded(), AppendOutcome.SessionMissing() ->
          throw Failures.of(
              new Problem(ProblemType.SUPERSEDED, "A newer sandbox serves the session."));
    };
  }

  private TurnResult await(
      ActivityExecutionContext context,
      RunTurnInput input,
      LiveSandbox sandbox,
      CompletableFuture<TurnOutcome> outcome)
      throws InterruptedException {
    var progress =
        new Progress(input.sandboxId().value(), input.epoch(), context.getInfo().getAttempt());
    var either = CompletableFuture.anyOf(outcome, sandbox.ended());
    var disk = sandboxes.watchDisk(input.sandboxId());
    while (true) {
      try {
        return switch (either.get(BEAT.toMillis(), TimeUnit.MILLISECONDS)) {
          case TurnOutcome(var reason, var seq, var idle) -> new TurnResult(reason, seq, idle);
          case SandboxLoss(var reason, var detail) -> throw Failures.sandboxLost(reason, detail);
          case Object other -> throw new IllegalStateException("unexpected " + other);
        };
      } catch (TimeoutException notYet) {
        // Throws when Temporal has taken the activity away; the turn is left running.
        context.heartbeat(progress);
        sandboxes.tellWhatWaits(sandbox);
        disk.full().ifPresent(why -> sandbox.kill(SandboxEndReason.DISK_FULL, why));
      } catch (ExecutionException failed) {
        throw new IllegalStateException(failed);
      }
    }
  }

  /** The first turn on files that were rolled back, or of a fresh agent, tells the model so. */
  private JsonNode told(RunTurnInput input, LiveSandbox sandbox, JsonNode content) {
    if (sandbox.hasEndedATurn()) {
      return content;
    }
    var rolledBack = workspaces.untold(input.sessionId());
    var files = rolledBack == null ? content : RollbackNotice.before(content, rolledBack);
    var restarted = restarts.untold(input.sessionId());
    return restarted == null ? files : Notices.before(files, RestartNotice.text(restarted));
  }

  /**
   * @param ended whether the turn of the message has
   */
  private record Message(JsonNode content, boolean ended) {}

  private Message message(SessionId session, MessageId message) {
    var row =
        db.select(MESSAGES.CONTENT, MESSAGES.ENDED_AT.isNotNull())
            .from(MESSAGES)
            .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(MESSAGES.MESSAGE_ID.eq(UUID.fromString(message.value())))
            .fetchSingle();
    return new Message(ProtocolJson.mapper().readTree(row.value1().data()), row.value2());
  }
}
