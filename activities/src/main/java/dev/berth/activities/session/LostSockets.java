package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.API_NODES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static dev.berth.db.generated.Tables.SOCKETS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.notExists;
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
import java.util.List;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.types.DayToSecond;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sockets of api nodes that died, and those whose node could not tell their sessions that they are
 * gone. Whoever finds them tells the sessions; being told twice is as being told once.
 */
public final class LostSockets {
  private static final Logger LOG = LoggerFactory.getLogger(LostSockets.class);

  /** A node that lives says so six times in it. */
  private static final Duration SILENCE = Duration.ofMinutes(1);

  /** A node that was lost may wake, and is to find that it was. */
  private static final Duration REMEMBERED = Duration.ofDays(7);

  /** The rest has its turn at the next sweep. */
  private static final int AT_ONCE = 200;

  /** All of them together; a sweep has other things to do. */
  private static final Duration ALL = Duration.ofSeconds(10);

  private final DSLContext db;
  private final WorkflowClient temporal;
  private final BoundedCalls calls;
  private final Duration silence;

  public LostSockets(DSLContext db, WorkflowClient temporal, BoundedCalls calls) {
    this(db, temporal, calls, SILENCE);
  }

  LostSockets(DSLContext db, WorkflowClient temporal, BoundedCalls calls, Duration silence) {
    this.db = db;
    this.temporal = temporal;
    this.calls = calls;
    this.silence = silence;
  }

  private record LostSocket(UUID connection, SessionId session, ProjectId project) {}

  /**
   * Tells their sessions.
   *
   * @return of how many sockets
   */
  public int settle() {
    var nodes = markLostNodes();
    if (nodes > 0) {
      LOG.atWarn().log("{} api nodes are silent: their sockets are taken for gone", nodes);
    }
    var until = System.nanoTime() + ALL.toNanos();
    var told = 0;
    for (var socket : find()) {
      if (System.nanoTime() < until && calls.succeeds(socket.session(), () -> tell(socket))) {
        db.deleteFrom(SOCKETS).where(SOCKETS.CONNECTION_ID.eq(socket.connection())).execute();
        told++;
      }
    }
    forgetNodes();
    return told;
  }

  /** A session whose workflow has ended has no sockets. */
  private void tell(LostSocket socket) {
    try {
      temporal
          .newWorkflowStub(
              SessionWorkflow.class, WorkflowIds.session(socket.project(), socket.session()))
          .disconnected(new DisconnectedInput(socket.connection().toString(), false));
    } catch (WorkflowNotFoundException ended) {
      LOG.atDebug().log("session {} has ended", socket.session());
    }
  }

  /** A database that was away itself has heard nobody; it waits until all could have spoken. */
  private int markLostNodes() {
    return db.update(API_NODES)
        .set(API_NODES.LOST_AT, currentOffsetDateTime())
        .where(API_NODES.LOST_AT.isNull())
        .and(API_NODES.SEEN_AT.lt(ago(silence)))
        .and(field("pg_postmaster_start_time()", OffsetDateTime.class).lt(ago(silence)))
        .execute();
  }

  private List<LostSocket> find() {
    return db.select(SOCKETS.CONNECTION_ID, SESSIONS.SESSION_ID, SESSIONS.PROJECT_ID)
        .from(SOCKETS)
        .join(SESSIONS)
        .on(SESSIONS.SESSION_ID.eq(SOCKETS.SESSION_ID))
        .leftJoin(API_NODES)
        .on(API_NODES.NODE_ID.eq(SOCKETS.NODE_ID))
        .where(isLeft())
        .orderBy(SOCKETS.OPENED_AT)
        .limit(AT_ONCE)
        .fetch(row ->
            new LostSocket(
                row.value1(), new SessionId(row.value2().toString()), new ProjectId(row.value3())));
  }

  private static Condition isLeft() {
    return SOCKETS.NODE_ID.isNull().or(API_NODES.LOST_AT.isNotNull());
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
