package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.API_NODES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static dev.berth.db.generated.Tables.SOCKETS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.rand;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowNotFoundException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.types.DayToSecond;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sockets of api nodes that died, and those whose node could not tell their sessions that they are
 * gone. Whoever finds them tells the sessions; one that is told twice ignores it.
 */
public final class LostSockets {
  private static final Logger LOG = LoggerFactory.getLogger(LostSockets.class);

  /** A node that lives says so several times in it. */
  private static final Duration SILENCE = Duration.ofMinutes(1);

  /**
   * For how long a silent node is watched before it is taken for dead: a database that was away, or
   * whose clock moved, has not heard the living either, and hears them within it.
   */
  private static final Duration WATCHED = Duration.ofSeconds(20);

  /** A node that was lost may wake, and is to find that it was. */
  private static final Duration REMEMBERED = Duration.ofDays(7);

  private static final int PAGE = 200;

  /** All of them together; a sweep has other things to do. */
  private static final Duration ALL = Duration.ofSeconds(10);

  /** So many sessions that do not answer say that Temporal is away. */
  private static final int FAILURES = 3;

  private final DSLContext db;
  private final WorkflowClient temporal;
  private final BoundedCalls calls;
  private final Duration silence;
  private final Duration watched;
  private final Map<UUID, Silent> silent = new HashMap<>();

  public LostSockets(DSLContext db, WorkflowClient temporal, BoundedCalls calls) {
    this(db, temporal, calls, SILENCE, WATCHED);
  }

  LostSockets(
      DSLContext db,
      WorkflowClient temporal,
      BoundedCalls calls,
      Duration silence,
      Duration watched) {
    this.db = db;
    this.temporal = temporal;
    this.calls = calls;
    this.silence = silence;
    this.watched = watched;
  }

  /** A node that was last heard then, and is watched since; nanoseconds of this process. */
  private record Silent(OffsetDateTime seenAt, long since) {}

  private record LostSocket(UUID connection, SessionId session, ProjectId project, boolean asked) {}

  /**
   * Tells their sessions.
   *
   * @return of how many sockets
   */
  public synchronized int settle() {
    var nodes = markLostNodes();
    if (nodes > 0) {
      LOG.atWarn().log("{} api nodes are silent: their sockets are taken for gone", nodes);
    }
    var told = tellAll();
    forgetNodes();
    return told;
  }

  private int tellAll() {
    var until = System.nanoTime() + ALL.toNanos();
    var told = 0;
    var untold = new ArrayList<UUID>();
    while (true) {
      var page = find(untold);
      for (var socket : page) {
        if (System.nanoTime() > until || untold.size() == FAILURES) {
          return told;
        }
        if (calls.succeeds(socket.session(), () -> tell(socket))) {
          db.deleteFrom(SOCKETS).where(SOCKETS.CONNECTION_ID.eq(socket.connection())).execute();
          told++;
        } else {
          untold.add(socket.connection());
        }
      }
      if (page.size() < PAGE) {
        return told;
      }
    }
  }

  /** A session whose workflow has ended has no sockets. */
  private void tell(LostSocket socket) {
    try {
      temporal
          .newWorkflowStub(
              SessionWorkflow.class, WorkflowIds.session(socket.project(), socket.session()))
          .disconnected(new DisconnectedInput(socket.connection().toString(), socket.asked()));
    } catch (WorkflowNotFoundException ended) {
      LOG.atDebug().log("session {} has ended", socket.session());
    }
  }

  private int markLostNodes() {
    var now = System.nanoTime();
    var found =
        db.select(API_NODES.NODE_ID, API_NODES.SEEN_AT)
            .from(API_NODES)
            .where(API_NODES.LOST_AT.isNull())
            .and(API_NODES.SEEN_AT.lt(ago(silence)))
            .fetchMap(API_NODES.NODE_ID, API_NODES.SEEN_AT);
    silent.keySet().retainAll(found.keySet());
    var lost = 0;
    for (var node : found.entrySet()) {
      var seenAt = node.getValue();
      var before = silent.get(node.getKey());
      if (before == null || !before.seenAt().equals(seenAt)) {
        silent.put(node.getKey(), new Silent(seenAt, now));
      } else if (now - before.since() >= watched.toNanos()) {
        lost += markLost(node.getKey(), seenAt);
      }
    }
    return lost;
  }

  private int markLost(UUID node, OffsetDateTime seenAt) {
    return db.update(API_NODES)
        .set(API_NODES.LOST_AT, currentOffsetDateTime())
        .where(API_NODES.NODE_ID.eq(node))
        .and(API_NODES.SEEN_AT.eq(seenAt))
        .and(API_NODES.LOST_AT.isNull())
        .execute();
  }

  /** In no order: several hosts look at the same time. */
  private List<LostSocket> find(List<UUID> but) {
    return db.select(SOCKETS.CONNECTION_ID, SESSIONS.SESSION_ID, SESSIONS.PROJECT_ID, SOCKETS.ASKED)
        .from(SOCKETS)
        .join(SESSIONS)
        .on(SESSIONS.SESSION_ID.eq(SOCKETS.SESSION_ID))
        .where(
            SOCKETS
                .NODE_ID
                .isNull()
                .or(
                    SOCKETS.NODE_ID.in(
                        select(API_NODES.NODE_ID)
                            .from(API_NODES)
                            .where(API_NODES.LOST_AT.isNotNull()))))
        .and(SOCKETS.CONNECTION_ID.notIn(but))
        .orderBy(rand())
        .limit(PAGE)
        .fetch(row ->
            new LostSocket(
                row.value1(),
                new SessionId(row.value2().toString()),
                new ProjectId(row.value3()),
                row.value4()));
  }

  private void forgetNodes() {
    db.deleteFrom(API_NODES)
        .where(API_NODES.LOST_AT.lt(ago(REMEMBERED)))
        .and(notExists(selectOne().from(SOCKETS).where(SOCKETS.NODE_ID.eq(API_NODES.NODE_ID))))
        .execute();
  }

  private static Field<OffsetDateTime> ago(Duration time) {
    return currentOffsetDateTime().minus(DayToSecond.valueOf(time));
  }
}
