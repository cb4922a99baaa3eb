package dev.berth.api.socket;

import dev.berth.api.events.SessionFeed.Item;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.client.ServerFrame;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.SessionEvent.ClientToolCalled;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What one socket hears of its session: the event log from its cursor, projected to what the client
 * understands, and deltas if it wants them. A socket without numbers hears only of its own turns.
 */
final class SocketReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SocketReader.class);

  /** After the database was away, before it is asked again. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final View view;
  private final Supplier<SocketDialect> dialect;
  private final SocketWriter writer;
  private final SocketConversation.Parts parts;
  private final EventProjection projection;
  private final Set<String> calls = new HashSet<>();
  private volatile @Nullable Thread thread;
  private volatile boolean closed;
  private long cursor;
  private boolean inTurn;

  /**
   * What the socket wants to see.
   *
   * @param after the number after which it begins
   * @param numbered whether frames carry numbers, and those of other sockets' turns are sent too
   * @param partial whether it wants deltas
   * @param tools the connection's name, when it executes tools
   * @param ownTurns the turns that it submitted
   */
  record View(
      SessionId session,
      long after,
      boolean numbered,
      boolean partial,
      @Nullable String tools,
      Set<TurnId> ownTurns) {}

  private SocketReader(
      View view,
      Supplier<SocketDialect> dialect,
      SocketWriter writer,
      SocketConversation.Parts parts) {
    this.view = view;
    this.dialect = dialect;
    this.writer = writer;
    this.parts = parts;
    this.projection = new EventProjection(view.session());
    this.cursor = view.after();
  }

  static SocketReader start(
      View view,
      Supplier<SocketDialect> dialect,
      SocketWriter writer,
      SocketConversation.Parts parts) {
    var reader = new SocketReader(view, dialect, writer, parts);
    reader.thread = Thread.ofVirtual().name("reader " + view.session()).start(reader::run);
    return reader;
  }

  @Override
  public void close() {
    closed = true;
    var running = thread;
    // A reader that could not write closes its own socket: an interrupt would cut short what its
    // thread does next, which is to tell the session that the socket is gone.
    if (running != null && !running.equals(Thread.currentThread())) {
      running.interrupt();
    }
  }

  private void run() {
    try {
      redeliverToolCalls();
      while (!closed && writer.isOpen()) {
        try {
          follow();
        } catch (DataAccessException away) {
          LOG.atWarn()
              .log("session {}: the log cannot be read: {}", view.session(), away.getMessage());
          Thread.sleep(PAUSE);
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException broken) {
      // The edge of this thread: a socket that hears nothing any more must not look alive.
      LOG.atError().setCause(broken).log("session {}: a reader broke", view.session());
      writer.fail(new Problem(ProblemType.INTERNAL, "Session error: reading it failed."));
    }
  }

  private void follow() throws InterruptedException {
    try (var feed = parts.feeds().read(view.session(), cursor, view.partial())) {
      while (!closed && writer.isOpen()) {
        switch (feed.next(parts.properties().quiet())) {
          case null -> quiet();
          case Item.Stored(var event) -> {
            show(event);
            cursor = event.seq();
          }
          case Item.Truncated(var log) -> {
            if (view.numbered()) {
              writer.send(new ServerFrame.Truncated(log.cutSeq(), log));
            }
            cursor = log.cutSeq();
          }
          case Item.Live(var delta) -> {
            if (mayShow(delta.turnId())) {
              send(projection.delta(delta.message()), null);
            }
          }
        }
      }
    }
  }

  /** Calls that were open when this client came: it may execute them now. */
  private void redeliverToolCalls() {
    if (view.tools() != null) {
      parts.records().openToolCalls(view.session()).forEach(this::call);
    }
  }

  private void show(EventEnvelope event) {
    if (event.event() instanceof ClientToolCalled call) {
      if (view.tools() != null && parts.records().ownsTools(view.session(), view.tools())) {
        call(call);
      }
      return;
    }
    if (!mayShow(event.turnId())) {
      return;
    }
    inTurn =
        event.type().equals("turn.started")
            || !(event.type().startsWith("turn.") || event.type().equals("message.withdrawn"));
    var message = projection.message(event);
    if (message != null) {
      send(message, event.seq());
    }
  }

  private boolean mayShow(@Nullable TurnId turn) {
    return view.numbered() || (turn != null && view.ownTurns().contains(turn));
  }

  private void send(ObjectNode message, @Nullable Long seq) {
    var frame = dialect.get().frame(message);
    if (view.numbered() && seq != null) {
      frame.put("seq", seq);
    }
    writer.send(frame);
  }

  private void call(ClientToolCalled call) {
    if (calls.add(call.callId())) {
      writer.send(
          new ServerFrame.ToolCall(
              new ServerFrame.ToolCall.ToolCallPayload(
                  call.callId(), call.tool(), call.input(), call.toolUseId())));
    }
  }

  /** Clients of the older dialect give up on a turn in which they hear nothing for long. */
  private void quiet() {
    if (inTurn && dialect.get() == SocketDialect.WRAPPED) {
      send(
          ProtocolJson.mapper()
              .createObjectNode()
              .put("type", "system")
              .put("subtype", "status")
              .put("session_id", view.session().value()),
          null);
    }
  }
}
