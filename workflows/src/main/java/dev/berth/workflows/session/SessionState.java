package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.StopReason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a session knows, and all that a run hands to the next one. Immutable, and free of
 * Temporal.
 *
 * @param sandbox the sandbox that serves the session; null while there is none
 * @param queue messages that wait, in order
 * @param running the message whose turn runs
 * @param cut the message whose turn was asked to end, running or first in the queue
 * @param seen ids of the latest messages, so that one is not queued twice
 * @param connections sockets that are open
 * @param wanted whether a client is there for whom a sandbox is worth starting
 * @param completing why the session is to be completed, null when it is not
 * @param closing why the workflow is to end, null when it is not
 * @param refreshing whether the next idle moment begins a new run
 * @param turns turns that were begun, ever
 * @param turnsThisRun turns that were begun in this run
 * @param allocations sandboxes that this session asked for, ever
 * @param abandoned whether the last socket is gone, so that the end of the work completes the
 *     session; one that never had a socket stays open
 * @param permit what the session asked the developer's semaphore for; null when nothing
 * @param permitRequests requests for a permit that this session made, ever
 * @param lastSandboxEnd why the session's last sandbox ended; null before
 * @param asking the calls of the running turn that wait for a person; null when it never asked
 */
record SessionState(
    Phase phase,
    @Nullable Sandbox sandbox,
    List<MessageId> queue,
    @Nullable MessageId running,
    @Nullable MessageId cut,
    List<MessageId> seen,
    List<String> connections,
    boolean wanted,
    @Nullable String completing,
    @Nullable String closing,
    boolean refreshing,
    long turns,
    int turnsThisRun,
    long allocations,
    @Nullable StopReason lastStop,
    boolean abandoned,
    @Nullable SessionPermit permit,
    long permitRequests,
    @Nullable SandboxEndReason lastSandboxEnd,
    @Nullable List<String> asking) {

  /** Why a session is completed whose client said so. */
  static final String CLOSED_BY_CLIENT = "closed_by_client";

  /** More than a client repeats within one run; the database remembers the rest. */
  static final int SEEN = 200;

  /** More sockets than one session has; beyond it the oldest are taken for gone. */
  static final int CONNECTIONS = 50;

  /** The sandbox of an epoch. */
  record Sandbox(HostId hostId, SandboxId sandboxId, int epoch) {
    public Sandbox {
      requireNonNull(hostId, "hostId");
      requireNonNull(sandboxId, "sandboxId");
    }
  }

  SessionState {
    requireNonNull(phase, "phase");
    queue = List.copyOf(queue);
    seen = List.copyOf(seen);
    connections = List.copyOf(connections);
    asking = asking == null ? null : List.copyOf(asking);
  }

  static SessionState initial() {
    return new SessionState(
        new Phase.Idle(),
        null,
        List.of(),
        null,
        null,
        List.of(),
        List.of(),
        false,
        null,
        null,
        false,
        0,
        0,
        0,
        null,
        false,
        null,
        0,
        null,
        null);
  }

  boolean knows(MessageId message) {
    return seen.contains(message) || isOpen(message);
  }

  /** Whether the message runs or waits. */
  boolean isOpen(MessageId message) {
    return message.equals(running) || queue.contains(message);
  }

  /** How many messages run before the one of this id: 0 when it runs, ran, or is next. */
  int position(MessageId message) {
    var place = queue.indexOf(message);
    return place < 0 ? 0 : place + (running == null || running.equals(cut) ? 0 : 1);
  }

  boolean isBusy() {
    return running != null || !queue.isEmpty();
  }

  /** Whether the running turn waits for a person. */
  boolean isAsking() {
    return asking != null && !asking.isEmpty();
  }

  /** Calls of the running turn wait for a person, these and no other. */
  SessionState asking(List<String> calls) {
    return with(draft -> draft.asking = running == null ? null : calls);
  }

  /** A person has decided about a call. */
  SessionState answered(String call) {
    return asking == null
        ? this
        : asking(asking.stream().filter(other -> !other.equals(call)).toList());
  }

  SessionState opened(@Nullable String connection) {
    return with(draft -> {
      draft.wanted = true;
      draft.completing = null;
      draft.abandoned = false;
      if (connection != null) {
        draft.connections = appended(connections, connection, CONNECTIONS);
      }
    });
  }

  /**
   * A socket is gone; the last one completes the session, a client that asks to close ends its
   * turn.
   */
  SessionState disconnected(String connection, boolean asked) {
    var left = connections.stream().filter(other -> !other.equals(connection)).toList();
    return with(draft -> {
      draft.connections = left;
      draft.abandoned = left.isEmpty();
      if (left.isEmpty() && asked) {
        draft.cut = firstToEnd();
        draft.completing = CLOSED_BY_CLIENT;
      } else if (left.isEmpty() && !isBusy()) {
        draft.completing = "disconnected";
      }
    });
  }

  SessionState completed() {
    return with(draft -> {
      draft.completing = null;
      draft.wanted = false;
      draft.abandoned = false;
    });
  }

  /**
   * A message waits.
   *
   * @param interrupts whether it cuts the turn that runs and stands before what waits; only a
   *     message that is being cut stays before it
   */
  SessionState submitted(MessageId message, boolean interrupts) {
    return with(draft -> {
      var last = queue.size();
      var first = last > 0 && queue.getFirst().equals(cut) ? 1 : 0;
      draft.queue = inserted(queue, message, interrupts ? first : last);
      draft.seen = appended(seen, message, SEEN);
      draft.completing = null;
      if (interrupts && running != null) {
        draft.cut = running;
      }
    });
  }

  /**
   * A message will not run; it is remembered, so that a late announcement does not bring it back.
   */
  SessionState withdrawn(MessageId message) {
    return with(draft -> {
      draft.queue = queue.stream().filter(other -> !other.equals(message)).toList();
      draft.seen = appended(seen, message, SEEN);
    });
  }

  /** The message whose turn an interrupt ends: the one that runs, else the first that waits. */
  @Nullable MessageId firstToEnd() {
    if (running != null) {
      return running;
    }
    return queue.isEmpty() ? null : queue.getFirst();
  }

  SessionState cutting(@Nullable MessageId message) {
    return with(draft -> draft.cut = message);
  }

  /** The first message leaves the queue and runs. */
  SessionState turnBegun() {
    return with(draft -> {
      draft.running = queue.getFirst();
      draft.queue = queue.subList(1, queue.size());
      draft.turns = turns + 1;
      draft.turnsThisRun = turnsThisRun + 1;
    });
  }

  SessionState turnEnded(StopReason reason) {
    return with(draft -> {
      draft.running = null;
      draft.cut = null;
      draft.asking = null;
      draft.lastStop = reason;
      if (abandoned && queue.isEmpty() && completing == null && wanted) {
        draft.completing = "disconnected";
      }
    });
  }

  /** Whether the last client went while a turn ran, and nothing is to be done any more. */
  boolean isLeft() {
    return abandoned && !isBusy() && completing == null;
  }

  /** The last client went while a turn ran, which has ended. */
  SessionState left() {
    return with(draft -> draft.completing = "disconnected");
  }

  SessionState withPhase(Phase next) {
    return with(draft -> draft.phase = next);
  }

  SessionState allocating() {
    return with(draft -> draft.allocations = allocations + 1);
  }

  SessionState withSandbox(Sandbox started) {
    return with(draft -> draft.sandbox = started);
  }

  /**
   * @param reason why it ended; null when nobody said
   */
  SessionState withoutSandbox(@Nullable SandboxEndReason reason) {
    return with(draft -> {
      draft.sandbox = null;
      draft.wanted = false;
      if (reason != null) {
        draft.lastSandboxEnd = reason;
      }
    });
  }

  /** It was to be stopped, and is still there. */
  SessionState withSpared(Sandbox spared, @Nullable SandboxEndReason endBefore) {
    return with(draft -> {
      draft.sandbox = spared;
      draft.lastSandboxEnd = endBefore;
    });
  }

  SessionState askingForPermit(String requestId) {
    return with(draft -> {
      draft.permit = SessionPermit.asked(requestId);
      draft.permitRequests = permitRequests + 1;
    });
  }

  SessionState withPermit(@Nullable SessionPermit answered) {
    return with(draft -> draft.permit = answered);
  }

  SessionState withClosing(String reason) {
    return with(draft -> {
      draft.closing = reason;
      draft.cut = firstToEnd();
    });
  }

  SessionState withRefreshing() {
    return with(draft -> draft.refreshing = true);
  }

  /** What the next run begins with. */
  SessionState carriedOver() {
    return with(draft -> {
      draft.turnsThisRun = 0;
      draft.refreshing = false;
    });
  }

  private SessionState with(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.state();
  }

  private static <T> List<T> inserted(List<T> list, T value, int place) {
    var longer = new ArrayList<>(list);
    longer.add(place, value);
    return longer;
  }

  private static <T> List<T> appended(List<T> list, T value, int bound) {
    var longer = new ArrayList<>(list);
    longer.remove(value);
    longer.add(value);
    return longer.size() <= bound ? longer : longer.subList(longer.size() - bound, longer.size());
  }

  /** The fields, open to one change. */
  private static final class Draft {
    Phase phase;
    @Nullable Sandbox sandbox;
    List<MessageId> queue;
    @Nullable MessageId running;
    @Nullable MessageId cut;
    List<MessageId> seen;
    List<String> connections;
    boolean wanted;
    @Nullable String completing;
    @Nullable String closing;
    boolean refreshing;
    long turns;
    int turnsThisRun;
    long allocations;
    @Nullable StopReason lastStop;
    boolean abandoned;
    @Nullable SessionPermit permit;
    long permitRequests;
    @Nullable SandboxEndReason lastSandboxEnd;
    @Nullable List<String> asking;

    Draft(SessionState state) {
      phase = state.phase;
      sandbox = state.sandbox;
      queue = state.queue;
      running = state.running;
      cut = state.cut;
      seen = state.seen;
      connections = state.connections;
      wanted = state.wanted;
      completing = state.completing;
      closing = state.closing;
      refreshing = state.refreshing;
      turns = state.turns;
      turnsThisRun = state.turnsThisRun;
      allocations = state.allocations;
      lastStop = state.lastStop;
      abandoned = state.abandoned;
      permit = state.permit;
      permitRequests = state.permitRequests;
      lastSandboxEnd = state.lastSandboxEnd;
      asking = state.asking;
    }

    SessionState state() {
      return new SessionState(
          phase,
          sandbox,
          queue,
          running,
          cut,
          seen,
          connections,
          wanted,
          completing,
          closing,
          refreshing,
          turns,
          turnsThisRun,
          allocations,
          lastStop,
          abandoned,
          permit,
          permitRequests,
          lastSandboxEnd,
          asking);
    }
  }
}
