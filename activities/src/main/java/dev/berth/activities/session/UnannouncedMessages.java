package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.val;

import dev.berth.protocol.EndUserId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.SessionInput;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.session.SessionWorkflow.SubmitResult;
import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.UpdateOptions;
import io.temporal.client.WithStartWorkflowOperation;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.types.DayToSecond;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages that were accepted and that their session has not heard of: Temporal was away, or the
 * api node died in between. Whoever finds them announces them, under the id under which the
 * client's node would: every session hears of every message once.
 */
public final class UnannouncedMessages {
  private static final Logger LOG = LoggerFactory.getLogger(UnannouncedMessages.class);

  /** The api node that took the message is not raced: it waits for Temporal no longer than this. */
  private static final Duration LEFT_TO_THE_API = Duration.ofSeconds(25);

  /** The rest has its turn at the next sweep. */
  private static final int AT_ONCE = 200;

  /** All of them together; a sweep has other things to do. */
  private static final Duration ALL = Duration.ofSeconds(20);

  private final DSLContext db;
  private final WorkflowClient temporal;
  private final SessionPolicy policy;
  private final BoundedCalls calls;
  private final Duration leftToTheApi;

  /**
   * @param policy of a session whose workflow has ended, and begins again for its message
   */
  public UnannouncedMessages(
      DSLContext db, WorkflowClient temporal, SessionPolicy policy, BoundedCalls calls) {
    this(db, temporal, policy, calls, LEFT_TO_THE_API);
  }

  UnannouncedMessages(
      DSLContext db,
      WorkflowClient temporal,
      SessionPolicy policy,
      BoundedCalls calls,
      Duration leftToTheApi) {
    this.db = db;
    this.temporal = temporal;
    this.policy = policy;
    this.calls = calls;
    this.leftToTheApi = leftToTheApi;
  }

  private record Unannounced(SessionInput session, SubmitInput message) {}

  /**
   * Announces what is found, in the order in which it was accepted.
   *
   * @return how many
   */
  public int announce() {
    var found = find();
    if (found.isEmpty()) {
      return 0;
    }
    var until = System.nanoTime() + ALL.toNanos();
    var announced = 0;
    var deaf = new HashSet<SessionId>();
    for (var unannounced : found) {
      var session = unannounced.session().sessionId();
      // Its messages stay in their order.
      if (!deaf.contains(session) && System.nanoTime() < until) {
        if (calls.succeeds(session, () -> announce(unannounced))) {
          announced++;
        } else {
          deaf.add(session);
        }
      }
    }
    LOG.atInfo().log("announced {} of {} messages", announced, found.size());
    return announced;
  }

  private void announce(Unannounced unannounced) {
    var session = unannounced.session();
    var message = unannounced.message();
    var stub =
        temporal.newWorkflowStub(
            SessionWorkflow.class,
            WorkflowOptions.newBuilder()
                .setWorkflowId(WorkflowIds.session(session.projectId(), session.sessionId()))
                .setTaskQueue(TaskQueues.SESSIONS)
                .setWorkflowIdConflictPolicy(
                    WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
                .setWorkflowIdReusePolicy(
                    WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
                .setTypedSearchAttributes(
                    io.temporal.common.SearchAttributes.newBuilder()
                        .set(SearchAttributes.DEVELOPER, session.accountId())
                        .set(SearchAttributes.PROJECT, session.projectId().value())
                        .set(SearchAttributes.END_USER, session.endUserId().value())
                        .set(SearchAttributes.MODEL, session.model())
                        .set(SearchAttributes.PHASE, "new")
                        .build())
                .setStaticSummary(
                    "%s in project %s".formatted(session.endUserId(), session.projectId()))
                .build());
    var told =
        WorkflowClient.executeUpdateWithStart(
            stub::submitMessage,
            message,
            UpdateOptions.<SubmitResult>newBuilder()
                .setUpdateId(message.messageId().value())
                .build(),
            new WithStartWorkflowOperation<>(stub::run, session));
    if (!told.closed()) {
      taken(session.sessionId(), message.messageId(), told.position());
    }
  }

  private List<Unannounced> find() {
    return db.select(
            MESSAGES.MESSAGE_ID,
            MESSAGES.BYTES,
            MESSAGES.INTERRUPTS,
            SESSIONS.SESSION_ID,
            SESSIONS.PROJECT_ID,
            SESSIONS.ACCOUNT_ID,
            SESSIONS.END_USER_ID,
            SESSIONS.MODEL)
        .from(MESSAGES)
        .join(SESSIONS)
        .on(SESSIONS.SESSION_ID.eq(MESSAGES.SESSION_ID))
        .where(MESSAGES.TAKEN_AT.isNull())
        .and(MESSAGES.ENDED_AT.isNull())
        .and(SESSIONS.CLOSED_AT.isNull())
        .and(
            MESSAGES.ACCEPTED_AT.lt(
                currentOffsetDateTime().minus(DayToSecond.valueOf(leftToTheApi))))
        .orderBy(MESSAGES.ACCEPTED_AT, MESSAGES.ACCEPTED_SEQ)
        .limit(AT_ONCE)
        .fetch(this::unannounced);
  }

  private Unannounced unannounced(Record row) {
    return new Unannounced(
        new SessionInput(
            new SessionId(row.get(SESSIONS.SESSION_ID).toString()),
            new ProjectId(row.get(SESSIONS.PROJECT_ID)),
            row.get(SESSIONS.ACCOUNT_ID),
            new EndUserId(row.get(SESSIONS.END_USER_ID)),
            row.get(SESSIONS.MODEL),
            policy,
            null),
        new SubmitInput(
            new MessageId(row.get(MESSAGES.MESSAGE_ID).toString()),
            row.get(MESSAGES.BYTES),
            row.get(MESSAGES.INTERRUPTS)));
  }

  private void taken(SessionId session, MessageId message, int position) {
    db.update(MESSAGES)
        .set(MESSAGES.TAKEN_AT, coalesce(MESSAGES.TAKEN_AT, currentOffsetDateTime()))
        .set(MESSAGES.POSITION, coalesce(MESSAGES.POSITION, val(position)))
        .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(MESSAGES.MESSAGE_ID.eq(UUID.fromString(message.value())))
        .execute();
  }
}
