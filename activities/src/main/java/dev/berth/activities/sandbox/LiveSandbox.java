package dev.berth.activities.sandbox;

import static java.util.Objects.requireNonNull;

import dev.berth.activities.bridge.Attachment;
import dev.berth.activities.bridge.BridgeConnection;
import dev.berth.activities.bridge.FrameIntake;
import dev.berth.activities.live.LiveChannel;
import dev.berth.activities.live.LiveSession;
import dev.berth.activities.model.ModelCaller;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.transcript.TranscriptWriter;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.bridge.BridgeProtocol;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.Failures.SandboxLoss;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sandbox that runs under this worker: its bridge's connection of the moment, the turn that runs
 * in it, and its end. Connections come and go, the sandbox stays; it ends once.
 */
public final class LiveSandbox implements ModelCaller, LiveSession {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSandbox.class);

  /** How often a sandbox without a connection is looked at. */
  private static final Duration LOOK = Duration.ofMillis(100);

  /** What becomes of the turn that runs then, its session's workflow says, and not the bridge. */
  private static final Set<SandboxEndReason> KEEPS_TURN =
      Set.of(SandboxEndReason.PARKED, SandboxEndReason.TURN_TIMED_OUT);

  private final Serving serving;
  private final BridgeCommand.Open open;
  private final LiveSandboxParts parts;
  private final LiveChannel live = new LiveChannel();
  private final RunningTurn turn = new RunningTurn(this::send);
  private final TranscriptWriter transcriptWriter;
  private final SandboxApprovals approvals;
  private final CompletableFuture<Void> attached = new CompletableFuture<>();
  private final CompletableFuture<SandboxLoss> ended = new CompletableFuture<>();
  private volatile @Nullable BridgeConnection connection;

  /** The number of the latest connection; only that one counts. */
  private volatile int attachment;

  private volatile @Nullable SandboxEndReason stopping;
  private volatile boolean untold;
  private volatile boolean left;
  private volatile List<BackgroundTask> background = List.of();

  /** How a turn ended in the sandbox. */
  public record TurnOutcome(StopReason reason, long seq, boolean idle) {}

  LiveSandbox(Serving serving, BridgeCommand.Open open, LiveSandboxParts parts) {
    this.serving = serving;
    this.open = open;
    this.parts = parts;
    this.transcriptWriter = parts.transcriptWriter(serving);
    this.approvals = parts.approvals(serving, this::send);
  }

  /** The turn that an earlier worker began here, and that has not ended. */
  void adopt(TurnId id) {
    turn.adopt(id);
  }

  public SandboxApprovals approvals() {
    return approvals;
  }

  public Serving serving() {
    return serving;
  }

  @Override
  public LiveChannel live() {
    return live;
  }

  /** Completes when the sandbox is gone, with how it went. */
  public CompletableFuture<SandboxLoss> ended() {
    return ended;
  }

  @Override
  public SandboxId sandbox() {
    return serving.sandbox();
  }

  @Override
  public SessionId session() {
    return serving.session();
  }

  @Override
  public int epoch() {
    return serving.epoch();
  }

  @Override
  public @Nullable TurnId turn() {
    return turn.id();
  }

  /** Whether a turn ended here since this worker has hold of the sandbox. */
  public boolean hasEndedATurn() {
    return turn.hasEndedOne();
  }

  /**
   * Hands the agent a message, or joins the turn when it runs already. The stage fails with
   * nothing: a sandbox that is lost completes {@link #ended}.
   */
  public CompletableFuture<TurnOutcome> run(BridgeCommand.RunTurn command) {
    return turn.run(command);
  }

  /**
   * Asks the agent to end a turn that has not ended; now, or when the bridge and the turn are
   * there.
   *
   * @return null when another turn runs: this one has ended then
   */
  public @Nullable CompletableFuture<TurnOutcome> interrupt(TurnId id) {
    return turn.interrupt(id);
  }

  /** The turn had ended when its interrupt came, or when this worker took hold of it. */
  public void forget(TurnId id) {
    turn.forget(id);
  }

  @Override
  public void deliverToolResults() {
    deliver(parts.records().undelivered(serving));
  }

  private void deliver(List<BridgeCommand.ClientToolResult> answers) {
    var sent = answers.stream().takeWhile(this::send).toList();
    if (!sent.isEmpty()) {
      parts.records().delivered(serving, sent);
    }
  }

  /** What the agent does beside its turns, as far as its bridge has said. */
  List<BackgroundTask> background() {
    return background;
  }

  boolean isAttached() {
    return attached.isDone();
  }

  /** Waits for the bridge to dial, at most this long. */
  void awaitAttached(Duration timeout) throws InterruptedException {
    await(attached, timeout);
  }

  /** Ends the agent with time to write what it has, then removes the sandbox. */
  void stop(SandboxEndReason reason, Duration grace) {
    stopping = reason;
    var keepsTurn = KEEPS_TURN.contains(reason) ? Boolean.TRUE : null;
    if (send(new BridgeCommand.Shutdown((int) grace.toMillis(), keepsTurn))) {
      try {
        await(ended, grace.plus(LOOK.multipliedBy(10)));
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    end(reason, "stopped");
  }

  /** Kills the sandbox now. */
  public void kill(SandboxEndReason reason, String detail) {
    stopping = reason;
    end(reason, detail);
  }

  /** Removes a sandbox that did not come up because something is away; nobody need hear of it. */
  void abandon(String detail) {
    stopping = SandboxEndReason.START_FAILED;
    untold = true;
    end(SandboxEndReason.START_FAILED, detail);
  }

  /** The worker ends: the sandbox runs on, and is not looked at any more. */
  void leave() {
    left = true;
    var current = connection;
    if (current != null) {
      current.close();
    }
  }

  /** A bridge has dialled: takes hold of it and reads what it says until the connection is over. */
  void connected(BridgeConnection fresh) {
    try (fresh) {
      if (!(fresh.read() instanceof BridgeFrame.Hello hello) || !accepts(hello)) {
        return;
      }
      var number = parts.records().attach(serving);
      if (number.isEmpty()) {
        superseded(fresh);
        return;
      }
      fresh.keepAlive();
      fresh.send(
          new BridgeCommand.Attach(
              BridgeProtocol.VERSION,
              serving.sandbox(),
              serving.session(),
              serving.epoch(),
              number.getAsInt(),
              0));
      converse(
          fresh,
          new Attachment(
              serving.project(),
              serving.session(),
              serving.sandbox(),
              serving.epoch(),
              number.getAsInt()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      disconnected(fresh);
    }
  }

  private boolean accepts(BridgeFrame.Hello hello) {
    if (hello.protocol() != BridgeProtocol.VERSION
        || !hello.sandboxId().equals(serving.sandbox())
        || hello.epoch() > serving.epoch()) {
      LOG.atError().log("sandbox {} was dialled by {}", serving.sandbox(), hello);
      return false;
    }
    return true;
  }

  private void converse(BridgeConnection fresh, Attachment attachment) throws InterruptedException {
    fresh.send(open);
    if (!takesOver(fresh, attachment.number())) {
      return;
    }
    deliver(parts.records().toolResults(serving));
    approvals.deliver();
    attached.complete(null);
    var intake = parts.intake(attachment, fresh, transcriptWriter, live, listener(fresh));
    try {
      while (true) {
        var frames = fresh.readTogether();
        if (frames.isEmpty()) {
          return;
        }
        intake.accept(frames);
        for (var frame : frames) {
          if (frame instanceof BridgeFrame.LoadTranscript load) {
            parts.transcripts().send(serving, load, fresh::send);
          }
          if (frame instanceof BridgeFrame.Refused) {
            LOG.atInfo().log("sandbox {} obeys another worker", serving.sandbox());
            return;
          }
        }
      }
    } finally {
      intake.end();
    }
  }

  /**
   * Makes a connection the one that counts. A worker that was stopped for a while wakes with every
   * one that the bridge has dialled meanwhile, most of them given up; when one of those comes last,
   * the bridge sees its own closed and dials again.
   */
  private synchronized boolean takesOver(BridgeConnection fresh, int number) {
    if (number < attachment) {
      return false;
    }
    var earlier = connection;
    attachment = number;
    connection = fresh;
    if (earlier != null) {
      earlier.close();
    }
    turn.tell(fresh::send);
    return true;
  }

  private FrameIntake.Listener listener(BridgeConnection fresh) {
    return new FrameIntake.Listener() {
      @Override
      public void turnEnded(BridgeFrame.TurnEnded frame, long seq, boolean idle) {
        turn.ended(frame.turnId(), new TurnOutcome(frame.stopReason(), seq, idle));
      }

      @Override
      public void clientToolCalled(BridgeFrame.ClientToolCall frame) {
        parts.records().toolCalled(serving, frame);
      }

      @Override
      public void clientToolClosed(BridgeFrame.ClientToolClosed frame) {
        parts.records().toolClosed(serving, frame);
      }

      @Override
      public void agentExited(BridgeFrame.AgentExited frame) {
        LOG.atInfo().log("sandbox {}: the agent exited: {}", serving.sandbox(), frame);
        var watchdog = frame.reason();
        end(watchdog == null ? SandboxEndReason.AGENT_EXITED : watchdog, frame.detail());
      }

      @Override
      public void backgroundTasks(BridgeFrame.BackgroundTasks frame) {
        // An agent that is being stopped ends its work first, and says so.
        if (stopping == null) {
          background = frame.tasks();
        }
      }

      @Override
      public void approvalRequested(BridgeFrame.ApprovalRequested frame, boolean first) {
        if (!first) {
          approvals.askedAgain(frame.toolUseId());
        }
        approvals.mayHaveChanged();
      }

      @Override
      public void approvalClosed() {
        approvals.mayHaveChanged();
      }

      @Override
      public void superseded() {
        // The bridge may just have dialled again: a worker that was stopped for a while wakes with
        // two connections, and what is left of the first one is refused.
        if (!parts.records().isCurrent(serving)) {
          LiveSandbox.this.superseded(fresh);
        }
      }
    };
  }

  private void superseded(BridgeConnection fresh) {
    fresh.send(new BridgeCommand.Superseded(serving.epoch() + 1));
    end(SandboxEndReason.SUPERSEDED, "a newer sandbox or worker serves the session");
  }

  private boolean send(BridgeCommand command) {
    var current = connection;
    return current != null && current.send(command);
  }

  /** Without a connection the sandbox either is gone, or dials again soon. */
  private void disconnected(BridgeConnection lost) {
    synchronized (this) {
      if (connection == lost) {
        connection = null;
      }
    }
    awaitDialling();
  }

  /**
   * Begins with a sandbox that runs, and waits for its bridge to dial.
   *
   * @param last number of the latest connection, of whatever worker
   */
  void awaitDialling(int last) {
    synchronized (this) {
      attachment = Math.max(attachment, last);
    }
    awaitDialling();
  }

  /** Waits for the bridge to dial, and ends a sandbox that is gone or whose bridge is silent. */
  private void awaitDialling() {
    var deadline = System.nanoTime() + parts.silence().toNanos();
    try {
      while (connection == null && !ended.isDone() && !left) {
        switch (parts.inspect(serving.sandbox())) {
          case SandboxInspection.Running() -> {
            if (System.nanoTime() > deadline) {
              silent();
              deadline = System.nanoTime() + parts.silence().toNanos();
            }
          }
          case SandboxInspection.Missing() -> end(SandboxEndReason.KILLED, "removed");
          case SandboxInspection.Ended(var reason, var detail) -> end(reason, detail);
        }
        Thread.sleep(LOOK);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Nobody has the bridge, or another worker of this host: its sandbox is not ours to end. */
  private void silent() {
    try {
      if (parts.records().isLatest(serving, attachment)) {
        end(SandboxEndReason.SILENT, "no word from the bridge for " + parts.silence());
      } else {
        letGo();
      }
    } catch (DataAccessException away) {
      LOG.atWarn()
          .log("nobody can say who has sandbox {}: {}", serving.sandbox(), away.getMessage());
    }
  }

  private void letGo() {
    LOG.atWarn().log("sandbox {} obeys another worker of this host", serving.sandbox());
    parts.finish(serving, transcriptWriter);
    ended.complete(new SandboxLoss(SandboxEndReason.SUPERSEDED, "another worker serves it"));
    live.show(new LiveFrame.Ended());
    parts.left(this);
  }

  private static void await(CompletableFuture<?> what, Duration timeout)
      throws InterruptedException {
    try {
      what.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException notYet) {
      LOG.atDebug().setCause(notYet).log("waited {}", timeout);
    }
  }

  private void end(SandboxEndReason seen, String detail) {
    var reason = requireNonNull(stopping == null ? seen : stopping);
    var loss = new SandboxLoss(reason, detail);
    // The next sandbox begins with what this one wrote.
    parts.finish(serving, transcriptWriter);
    synchronized (this) {
      if (ended.isDone()) {
        return;
      }
      var idle = turn.id() == null;
      if (!untold) {
        parts.ending(serving, loss, idle, background);
      }
      ended.complete(loss);
    }
    live.show(new LiveFrame.Ended());
    var current = connection;
    if (current != null) {
      current.close();
    }
    parts.ended(this);
  }
}
