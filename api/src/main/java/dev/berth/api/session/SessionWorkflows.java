package dev.berth.api.session;

import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.workflows.Failures;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.SessionInput;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptResult;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.OpenResult;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.session.SessionWorkflow.SubmitResult;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.UpdateOptions;
import io.temporal.client.WithStartWorkflowOperation;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowException;
import io.temporal.client.WorkflowNotFoundException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowUpdateException;
import io.temporal.client.WorkflowUpdateStage;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to the workflows of sessions. Every call has a deadline, because without a worker it would
 * wait for ever, and fails with {@code UNAVAILABLE} when it passes.
 */
public final class SessionWorkflows implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionWorkflows.class);

  private static final int DEADLINE_SECONDS = 10;

  private final WorkflowClient temporal;
  private final SessionPolicy policy;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("deadlines").factory());

  public SessionWorkflows(WorkflowClient temporal, SessionProperties properties) {
    this.temporal = temporal;
    this.policy = properties.policy();
  }

  /** A client is there: the session's sandbox is started now. */
  OpenResult open(SessionRow session, String connection) {
    return call(() -> open(session, connection, UUID.randomUUID().toString()));
  }

  /** Announces a message that lies in the database; under the same id as often as need be. */
  SubmitResult submit(SessionRow session, MessageId message, long bytes) {
    var input = new SubmitInput(message, bytes, false);
    return call(() -> {
      try {
        return temporal
            .newUntypedWorkflowStub(WorkflowIds.session(session.project(), session.id()))
            .startUpdate(
                UpdateOptions.newBuilder(SubmitResult.class)
                    .setUpdateName("submitMessage")
                    .setUpdateId(message.value())
                    .setWaitForStage(WorkflowUpdateStage.COMPLETED)
                    .build(),
                input)
            .getResult();
      } catch (WorkflowNotFoundException ended) {
        var stub = stub(session);
        return WorkflowClient.executeUpdateWithStart(
            stub::submitMessage,
            input,
            UpdateOptions.<SubmitResult>newBuilder().setUpdateId(message.value()).build(),
            new WithStartWorkflowOperation<>(stub::run, input(session)));
      }
    });
  }

  InterruptResult interrupt(SessionRow session) {
    return call(() -> existing(session).interrupt(new InterruptInput(null, false)));
  }

  /** A socket is gone. A session whose workflow ended meanwhile does not need to know. */
  void disconnected(SessionRow session, String connection, boolean asked) {
    try {
      call(() -> {
        existing(session).disconnected(new DisconnectedInput(connection, asked));
        return true;
      });
    } catch (ProblemException ended) {
      if (ended.problem().type() != ProblemType.SESSION_CLOSED) {
        throw ended;
      }
    }
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
  }

  private OpenResult open(SessionRow session, String connection, String updateId) {
    var stub = stub(session);
    return WorkflowClient.executeUpdateWithStart(
        stub::openSession,
        new OpenInput(connection),
        UpdateOptions.<OpenResult>newBuilder().setUpdateId(updateId).build(),
        new WithStartWorkflowOperation<>(stub::run, input(session)));
  }

  private SessionWorkflow existing(SessionRow session) {
    return temporal.newWorkflowStub(
        SessionWorkflow.class, WorkflowIds.session(session.project(), session.id()));
  }

  private SessionWorkflow stub(SessionRow session) {
    return temporal.newWorkflowStub(
        SessionWorkflow.class,
        WorkflowOptions.newBuilder()
            .setWorkflowId(WorkflowIds.session(session.project(), session.id()))
            .setTaskQueue(TaskQueues.SESSIONS)
            .setWorkflowIdConflictPolicy(
                WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
            .setWorkflowIdReusePolicy(
                WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
            .setTypedSearchAttributes(attributes(session))
            .setStaticSummary("%s in project %s".formatted(session.endUser(), session.project()))
            .build());
  }

  private static io.temporal.common.SearchAttributes attributes(SessionRow session) {
    return io.temporal.common.SearchAttributes.newBuilder()
        .set(SearchAttributes.DEVELOPER, session.accountId())
        .set(SearchAttributes.PROJECT, session.project().value())
        .set(SearchAttributes.END_USER, session.endUser().value())
        .set(SearchAttributes.MODEL, session.model())
        .set(SearchAttributes.PHASE, "new")
        .build();
  }

  private SessionInput input(SessionRow session) {
    return new SessionInput(
        session.id(),
        session.project(),
        session.accountId(),
        session.endUser(),
        session.model(),
        policy,
        null);
  }

  private <T> T call(Callable<T> command) {
    var context =
        Context.current()
            .withDeadline(Deadline.after(DEADLINE_SECONDS, TimeUnit.SECONDS), deadlines);
    try {
      return context.call(command);
    } catch (WorkflowUpdateException refused) {
      throw new ProblemException(Failures.problem(refused));
    } catch (WorkflowNotFoundException ended) {
      throw new ProblemException(
          ProblemType.SESSION_CLOSED, "The session has no running workflow.", ended);
    } catch (WorkflowException failed) {
      throw unavailable(failed);
    } catch (RuntimeException failed) {
      throw failed;
    } catch (Exception checked) {
      throw new IllegalStateException(checked);
    } finally {
      context.cancel(null);
    }
  }

  private static ProblemException unavailable(Exception cause) {
    LOG.atWarn().setCause(cause).log("Temporal did not take a request");
    return new ProblemException(
        ProblemType.UNAVAILABLE,
        "Session service unavailable: Temporal or its workers did not take the request (%s); try again."
            .formatted(status(cause)),
        cause);
  }

  /** The status alone: what the server says is for the operator's log. */
  private static String status(Throwable cause) {
    for (var inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof StatusRuntimeException refused) {
        return refused.getStatus().getCode().name();
      }
    }
    return "no answer in %d s".formatted(DEADLINE_SECONDS);
  }
}
