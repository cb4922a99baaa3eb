package dev.berth.api.session;

import static dev.berth.db.generated.Tables.API_NODES;
import static dev.berth.db.generated.Tables.SOCKETS;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.protocol.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which sockets this node has, in the database, and that it lives. When it is silent for a minute,
 * a worker tells the sessions that their sockets are gone ({@code LostSockets}); should it wake
 * after that, it closes them, so that no client believes to be connected whom its session takes for
 * gone.
 */
public final class OpenSockets implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenSockets.class);

  private static final Duration BEAT = Duration.ofSeconds(10);

  private final DSLContext db;
  private final String name;
  private final Set<UUID> told = ConcurrentHashMap.newKeySet();
  private final Set<UUID> untold = ConcurrentHashMap.newKeySet();
  private final Set<UUID> untoldAsked = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService beats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("api-node").factory());
  private volatile Runnable closesAll = () -> {};
  private Node node = Node.another();

  private record Node(UUID id, boolean registered) {
    static Node another() {
      return new Node(UUID.randomUUID(), false);
    }
  }

  /**
   * @param name of this process, for people
   */
  public OpenSockets(DSLContext db, String name) {
    this.db = db;
    this.name = name;
    var _ = beats.scheduleWithFixedDelay(this::beat, 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * @param closeAll closes every socket of this node: it was taken for dead
   */
  public void whenLost(Runnable closeAll) {
    closesAll = closeAll;
  }

  /** Before the session hears of the socket: a node may die in between. */
  void opened(SessionId session, String connection) {
    db.insertInto(SOCKETS)
        .set(SOCKETS.CONNECTION_ID, UUID.fromString(connection))
        .set(SOCKETS.SESSION_ID, UUID.fromString(session.value()))
        .set(SOCKETS.NODE_ID, registered())
        .execute();
  }

  /** The session knows that the socket is gone. */
  void told(String connection) {
    told.add(UUID.fromString(connection));
    writeDown();
  }

  /**
   * The session may not know that the socket is gone: a worker tells it.
   *
   * @param asked whether the client had said that it closes
   */
  void untold(String connection, boolean asked) {
    (asked ? untoldAsked : untold).add(UUID.fromString(connection));
    writeDown();
  }

  /** Says that the node lives. */
  void beat() {
    try {
      if (!isAlive(registered())) {
        LOG.atWarn().log("this node was silent and taken for dead: it closes its sockets");
        another();
        closesAll.run();
      }
    } catch (DataAccessException away) {
      LOG.atWarn().log("the database takes no word of this node: {}", away.getMessage());
    } catch (RuntimeException broken) {
      // The edge of this thread: without a next beat the node would be taken for dead.
      LOG.atError().setCause(broken).log("a beat of this node failed");
    }
    writeDown();
  }

  /** What is open still goes with this process: a worker tells the sessions at its next sweep. */
  @Override
  public void close() {
    beats.shutdownNow();
    writeDown();
    try {
      db.update(API_NODES)
          .set(API_NODES.LOST_AT, currentOffsetDateTime())
          .where(API_NODES.NODE_ID.eq(id()))
          .execute();
    } catch (DataAccessException away) {
      LOG.atWarn().log("the database takes no word of this node: {}", away.getMessage());
    }
  }

  private boolean isAlive(UUID id) {
    return db.update(API_NODES)
            .set(API_NODES.SEEN_AT, currentOffsetDateTime())
            .where(API_NODES.NODE_ID.eq(id))
            .and(API_NODES.LOST_AT.isNull())
            .execute()
        > 0;
  }

  private synchronized UUID id() {
    return node.id();
  }

  private synchronized void another() {
    node = Node.another();
  }

  /** The database may come later than this node. */
  private synchronized UUID registered() {
    if (!node.registered()) {
      db.insertInto(API_NODES)
          .set(API_NODES.NODE_ID, node.id())
          .set(API_NODES.NAME, name)
          .onConflictDoNothing()
          .execute();
      node = new Node(node.id(), true);
    }
    return node.id();
  }

  /** What cannot be written now is with the next beat. */
  private void writeDown() {
    writeDown(told, gone -> db.deleteFrom(SOCKETS).where(SOCKETS.CONNECTION_ID.in(gone)).execute());
    writeDown(untold, left -> leave(left, false));
    writeDown(untoldAsked, left -> leave(left, true));
  }

  private void leave(List<UUID> sockets, boolean asked) {
    db.update(SOCKETS)
        .setNull(SOCKETS.NODE_ID)
        .set(SOCKETS.ASKED, asked)
        .where(SOCKETS.CONNECTION_ID.in(sockets))
        .execute();
  }

  private static void writeDown(Set<UUID> sockets, Consumer<List<UUID>> write) {
    var now = List.copyOf(sockets);
    if (now.isEmpty()) {
      return;
    }
    try {
      write.accept(now);
      now.forEach(sockets::remove);
    } catch (DataAccessException away) {
      LOG.atWarn().log("the database takes no word of this node: {}", away.getMessage());
    }
  }
}
