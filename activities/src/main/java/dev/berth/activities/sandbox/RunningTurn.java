package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.LiveSandbox.TurnOutcome;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeCommand;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The turn that runs in a sandbox, as far as its worker knows, and what the bridge hears of it. */
final class RunningTurn {
  private final Consumer<BridgeCommand> bridge;
  private volatile @Nullable ActiveTurn turn;
  private volatile boolean endedOne;

  /**
   * A turn of which this worker knows.
   *
   * @param command null when only its interrupt came so far: it began under an earlier worker, or
   *     begins in a moment
   */
  private record ActiveTurn(
      TurnId id,
      BridgeCommand.@Nullable RunTurn command,
      boolean interrupted,
      CompletableFuture<TurnOutcome> outcome) {
    ActiveTurn(TurnId id) {
      this(id, null, false, new CompletableFuture<>());
    }

    ActiveTurn with(BridgeCommand.RunTurn run) {
      return new ActiveTurn(id, run, interrupted, outcome);
    }

    ActiveTurn cut() {
      return new ActiveTurn(id, command, true, outcome);
    }
  }

  /**
   * @param bridge takes commands, and may lose them: it hears of the turn again when it is back
   */
  RunningTurn(Consumer<BridgeCommand> bridge) {
    this.bridge = bridge;
  }

  @Nullable TurnId id() {
    var active = turn;
    return active == null ? null : active.id();
  }

  boolean hasEndedOne() {
    return endedOne;
  }

  /** A turn that began under an earlier worker; what its agent asks of the model is its own. */
  synchronized void adopt(TurnId id) {
    turn = active(id);
  }

  synchronized CompletableFuture<TurnOutcome> run(BridgeCommand.RunTurn command) {
    var active = active(command.turnId()).with(command);
    turn = active;
    tell(active, bridge);
    return active.outcome();
  }

  /** Gives null when another turn runs. */
  synchronized @Nullable CompletableFuture<TurnOutcome> interrupt(TurnId id) {
    var running = turn;
    if (running != null && !running.id().equals(id)) {
      return null;
    }
    var active = active(id).cut();
    turn = active;
    bridge.accept(new BridgeCommand.Interrupt(id));
    return active.outcome();
  }

  synchronized void forget(TurnId id) {
    var active = turn;
    if (active != null && active.id().equals(id)) {
      turn = null;
    }
  }

  synchronized void ended(TurnId id, TurnOutcome outcome) {
    var active = turn;
    if (active != null && active.id().equals(id)) {
      turn = null;
      endedOne = true;
      active.outcome().complete(outcome);
    }
  }

  /** Tells a bridge that has dialled of the turn that it is to run, or runs. */
  synchronized void tell(Consumer<BridgeCommand> fresh) {
    var active = turn;
    if (active != null) {
      tell(active, fresh);
    }
  }

  private ActiveTurn active(TurnId id) {
    var active = turn;
    return active == null || !active.id().equals(id) ? new ActiveTurn(id) : active;
  }

  /** The turn first: the bridge takes no interrupt of a turn that it does not know. */
  private static void tell(ActiveTurn active, Consumer<BridgeCommand> bridge) {
    if (active.command() != null) {
      bridge.accept(active.command());
    }
    if (active.interrupted()) {
      bridge.accept(new BridgeCommand.Interrupt(active.id()));
    }
  }
}
