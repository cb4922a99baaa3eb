package dev.berth.activities.bridge;

import dev.berth.activities.live.LiveChannel;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.transcript.TranscriptWriter;
import dev.berth.db.AppendOutcome;
import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.bridge.BridgeFrame.Durable;
import dev.berth.protocol.event.LiveFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one attachment takes in: durable frames become committed events and stored transcript parts
 * and are then acknowledged; deltas are shown. Whoever watches sees everything in the order in
 * which the bridge said it, and a stored message before any delta that came after it.
 *
 * <p>When the log or its database cannot take a frame, the connection is closed: the bridge dials
 * again and repeats what was not acknowledged.
 */
public final class FrameIntake {
  private static final Logger LOG = LoggerFactory.getLogger(FrameIntake.class);

  /** Beyond this many frames in flight the bridge is not read any more, and slows its agent. */
  private static final int IN_FLIGHT = 1024;

  private final Attachment attachment;
  private final BridgeConnection connection;
  private final GroupCommit.Lane log;
  private final TranscriptWriter transcript;
  private final TurnEnds turnEnds;
  private final LiveChannel live;
  private final Listener listener;
  private final AckOrder acks = new AckOrder();
  private final BlockingQueue<Step> steps = new ArrayBlockingQueue<>(IN_FLIGHT);

  /** Whether a part of this connection was refused; only its reader looks. */
  private boolean refused;

  /** Hears of what was committed. */
  public interface Listener {
    /**
     * @param seq number of the last event of the turn
     * @param idle whether the log says that the session is idle
     */
    void turnEnded(BridgeFrame.TurnEnded frame, long seq, boolean idle);

    void clientToolCalled(BridgeFrame.ClientToolCall frame);

    void clientToolClosed(BridgeFrame.ClientToolClosed frame);

    void agentExited(BridgeFrame.AgentExited frame);

    /**
     * A call waits for a person.
     *
     * @param first false when the log had the question already: it may have the answer, too
     */
    void approvalRequested(BridgeFrame.ApprovalRequested frame, boolean first);

    /** A call waits for nobody any more. */
    void approvalClosed();

    /** What the agent does in the background is this from now on; never stored. */
    void backgroundTasks(BridgeFrame.BackgroundTasks frame);

    /** Another attachment, of this sandbox or of another one, has taken the session over. */
    void superseded();
  }

  private sealed interface Step {
    /**
     * @param answered complete when the bridge was told what it waits for
     */
    record Commit(
        Durable frame,
        Request request,
        CompletionStage<AppendOutcome> outcome,
        CompletionStage<?> answered)
        implements Step {}

    record Show(LiveFrame frame) implements Step, Taken {}

    record End() implements Step {}
  }

  /** What a frame is to become. */
  private sealed interface Taken {
    record Stored(Durable frame, Request request) implements Taken {}

    /** The last word of a sandbox, which is heard when all before it is on its way. */
    record Left(BridgeFrame.AgentExited frame) implements Taken {}
  }

  public FrameIntake(
      Attachment attachment,
      BridgeConnection connection,
      GroupCommit log,
      TranscriptWriter transcript,
      TurnEnds turnEnds,
      LiveChannel live,
      Listener listener) {
    this.attachment = attachment;
    this.connection = connection;
    this.log = log.lane();
    this.transcript = transcript;
    this.turnEnds = turnEnds;
    this.live = live;
    this.listener = listener;
    Thread.ofVirtual().name("intake " + attachment.sandbox()).start(this::follow);
  }

  /**
   * Takes in frames that came together, and commits them together: a call's message, proposal and
   * start are one round trip to the database. Waits while too many are on their way.
   */
  public void accept(List<BridgeFrame> frames) throws InterruptedException {
    var taken = new ArrayList<Taken>();
    for (var frame : frames) {
      take(frame, taken);
    }
    var requests =
        taken.stream()
            .filter(Taken.Stored.class::isInstance)
            .map(Taken.Stored.class::cast)
            .map(Taken.Stored::request)
            .toList();
    var outcomes = log.append(requests).iterator();
    for (var one : taken) {
      switch (one) {
        case Taken.Stored(var frame, var request) -> {
          var outcome = outcomes.next();
          var answered =
              frame instanceof BridgeFrame.ToolStarted started ? open(started, outcome) : outcome;
          steps.put(new Step.Commit(frame, request, outcome, answered));
        }
        case Step.Show show -> steps.put(show);
        case Taken.Left(var exited) -> {
          durable(exited);
          listener.agentExited(exited);
        }
      }
    }
  }

  public void accept(BridgeFrame frame) throws InterruptedException {
    accept(List.of(frame));
  }

  private void take(BridgeFrame frame, List<Taken> taken) {
    if (frame instanceof Durable durable) {
      acks.arrived(durable.frame());
    }
    switch (frame) {
      case BridgeFrame.SdkMessage message ->
          taken.add(stored(message, List.of(FrameEvents.of(attachment.epoch(), message))));
      case BridgeFrame.TurnEnded ended ->
          taken.add(stored(ended, turnEnds.events(attachment.session(), ended)));
      case BridgeFrame.ClientToolCall call -> {
        listener.clientToolCalled(call);
        taken.add(stored(call, List.of(FrameEvents.of(attachment.epoch(), call))));
      }
      case BridgeFrame.ClientToolClosed closed -> {
        listener.clientToolClosed(closed);
        taken.add(stored(closed, List.of(FrameEvents.of(attachment.epoch(), closed))));
      }
      case BridgeFrame.ToolProposed proposed ->
          taken.add(stored(proposed, List.of(FrameEvents.of(proposed))));
      case BridgeFrame.ToolStarted started ->
          taken.add(stored(started, List.of(FrameEvents.of(started))));
      case BridgeFrame.ToolEnded ended -> taken.add(stored(ended, List.of(FrameEvents.of(ended))));
      case BridgeFrame.ApprovalRequested requested ->
          taken.add(stored(requested, FrameEvents.of(attachment.epoch(), requested)));
      case BridgeFrame.ApprovalClosed closed ->
          taken.add(stored(closed, List.of(FrameEvents.of(closed))));
      case BridgeFrame.TranscriptPart part -> store(part);
      case BridgeFrame.AgentExited exited -> taken.add(new Taken.Left(exited));
      case BridgeFrame.BackgroundTasks tasks -> listener.backgroundTasks(tasks);
      case BridgeFrame.Delta delta ->
          taken.add(
              new Step.Show(
                  new LiveFrame.Delta(
                      attachment.epoch(), attachment.number(), delta.turnId(), delta.message())));
      case BridgeFrame.Hello _,
          BridgeFrame.Attached _,
          BridgeFrame.Refused _,
          BridgeFrame.LoadTranscript _,
          BridgeFrame.Heartbeat _,
          BridgeFrame.Unrecognized _ -> {}
    }
  }

  /** No frame comes any more; what came is still committed. */
  public void end() throws InterruptedException {
    steps.put(new Step.End());
  }

  private Taken stored(Durable frame, List<NewEvent> events) {
    var writer = new EventWriter.Attachment(attachment.epoch(), attachment.number());
    return new Taken.Stored(frame, new Request(attachment.session(), writer, events));
  }

  /**
   * Of a part that is refused the bridge hears on its next connection, which is due when there is
   * room again; what follows it on this one must not be stored before it.
   */
  private void store(BridgeFrame.TranscriptPart part) {
    if (refused) {
      return;
    }
    var stored = transcript.append(part);
    if (stored == null) {
      refused = true;
      var _ = transcript.room().thenRun(connection::close);
    } else {
      var _ = stored.thenRun(() -> durable(part));
    }
  }

  private void follow() {
    try {
      while (true) {
        switch (steps.take()) {
          case Step.Show(var frame) -> live.show(frame);
          case Step.Commit commit -> {
            if (!committed(commit)) {
              connection.close();
              drain();
              return;
            }
          }
          case Step.End() -> {
            return;
          }
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean committed(Step.Commit commit) {
    try {
      return switch (commit.outcome().toCompletableFuture().join()) {
        case Appended appended -> {
          live.committed(commit.request(), appended);
          tell(commit, appended);
          // A start that is acknowledged is not repeated, so its answer has to be on its way.
          commit.answered().toCompletableFuture().join();
          durable(commit.frame());
          yield true;
        }
        case AppendOutcome.Superseded(), AppendOutcome.SessionMissing() -> {
          listener.superseded();
          yield false;
        }
      };
    } catch (CompletionException | DataAccessException failed) {
      LOG.atWarn()
          .setCause(failed)
          .log("session {}: the log does not take events", attachment.session());
      return false;
    }
  }

  private void tell(Step.Commit commit, Appended appended) {
    switch (commit.frame()) {
      case BridgeFrame.TurnEnded ended ->
          listener.turnEnded(
              ended, appended.lastSeq(), TurnEnds.sayIdle(commit.request().events()));
      case BridgeFrame.ApprovalRequested requested ->
          listener.approvalRequested(requested, appended.events().getFirst().fresh());
      case BridgeFrame.ApprovalClosed _ -> listener.approvalClosed();
      default -> {}
    }
  }

  /**
   * Opens the gate of a call as soon as its start is in the log; whoever watches is told meanwhile.
   * Not by the log's own thread, which would stand still for a bridge that does not read.
   */
  private CompletionStage<?> open(
      BridgeFrame.ToolStarted started, CompletionStage<AppendOutcome> outcome) {
    return outcome.thenAcceptAsync(
        committed -> {
          if (committed instanceof Appended appended) {
            connection.send(new BridgeCommand.ToolRecorded(started.toolUseId(), isFirst(appended)));
          }
        },
        Thread::startVirtualThread);
  }

  /** A start that this sandbox wrote before is a repeated frame, any other is a repeated call. */
  private boolean isFirst(Appended started) {
    return started.events().stream()
        .allMatch(event -> event.fresh() || event.epoch() == attachment.epoch());
  }

  private void durable(Durable frame) {
    acks.durable(frame.frame()).ifPresent(upTo -> connection.send(new BridgeCommand.Ack(upTo)));
  }

  /** Lets go of a reader that waits for room, until it sees that the connection is closed. */
  private void drain() throws InterruptedException {
    Step step;
    do {
      // What was not committed comes again on the next connection.
      step = steps.take();
    } while (!(step instanceof Step.End));
  }
}
