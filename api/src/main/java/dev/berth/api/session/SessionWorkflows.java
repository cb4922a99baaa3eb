package dev.berth.api.session;

import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.workflows.Failures;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.ports.SessionActivities.ApprovalStands;
import dev.berth.workflows.session.SessionInput;
import dev.berth.workflows.session.SessionPolicy;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.AnswerApprovalInput;
import dev.berth.workflows.session.SessionWorkflow.CloseInput;
import dev.berth.workflows.session.SessionWorkflow.DisconnectedInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptInput;
import dev.berth.workflows.session.SessionWorkflow.InterruptResult;
import dev.berth.workflows.session.SessionWorkflow.OpenInput;
import dev.berth.workflows.session.SessionWorkflow.OpenResult;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.session.SessionWorkflow.SubmitResult;
import dev.berth.workflows.session.SessionWorkflow.WithdrawInput;
import dev.berth.workflows.session.SessionWorkflow.WithdrawResult;
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
import io.temporal.workflow.Functions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to the workflows of sessions. Every call has a deadline, because without a worker it would
 * wait for ever, and fails with {@code UNAVAILABLE} when it passes.
 */
public final class SessionWorkflows implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionWorkflows.class);

  /** A worker that is killed is back within it, and nobody hears of it. */
  private static final int DEADLINE_SECONDS = 20;

  private final WorkflowClient temporal;
  private final SessionPolicy policy;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("deadlines").factory());

  public SessionWorkflows(WorkflowClient temporal, SessionProperties properties) {
    this.temporal = temporal;
    this.policy = properties.policy();
  }

  /**
   * A client is there: the session's sandbox is started now.
   *
   * @param connection names the client's socket; null when it has none
   */
  OpenResult open(SessionRow session, @Nullable String connection) {
    return call(() -> open(session, connection, UUID.randomUUID().toString()));
  }

  /**
   * Announces a message that lies in the database; under the same id as often as need be.
   *
   * @param closed whether the session is closed: no workflow is started for it then
   */
  SubmitResult submit(SessionRow session, Message message, BooleanSupplier closed) {
    return update(
        session,
        "submitMessage",
        message.id().value(),
        stub -> stub::submitMessage,
        new SubmitInput(message.id(), message.bytes(), message.policy() == SendPolicy.INTERRUPT),
        SubmitResult.class,
        closed);
  }

  /** Takes a message that lies in the database out of the queue, as far as it waits there. */
  WithdrawResult withdraw(SessionRow session, MessageId message, BooleanSupplier closed) {
    return update(
        session,
        "withdraw",
        "withdraw/" + message,
        stub -> stub::withdraw,
        new WithdrawInput(message),
        WithdrawResult.class,
        closed);
  }

  /**
   * Decides about a call that waits for a person.
   *
   * @return what stands; null when the call waits no more
   */
  @Nullable ApprovalAnswered answerApproval(
      SessionRow session, ApprovalAnswered answer, BooleanSupplier closed) {
    return update(
            session,
            "answerApproval",
            "approval/%s/%s".formatted(answer.toolUseId(), answer.decision().wireName()),
            stub -> stub::answerApproval,
            new AnswerApprovalInput(answer),
            ApprovalStands.class,
            closed)
        .answer();
  }

  /**
   * Interrupts what runs. A session whose workflow ended has nothing to cut.
   *
   * @param untilEnded whether to wait for what becomes of the turn
   */
  InterruptResult interrupt(SessionRow session, @Nullable MessageId message, boolean untilEnded) {
    var patience = untilEnded ? DEADLINE_SECONDS + policy.interruptGrace().toSeconds() : 0;
    return call(
        Math.max(DEADLINE_SECONDS, patience),
        () -> {
          try {
            return existing(session).interrupt(new InterruptInput(message, untilEnded));
          } catch (WorkflowNotFoundException ended) {
            return new InterruptResult(null, List.of());
          }
        });
  }

  /**
   * Ends the session. One whose workflow ended already is begun again, to say that it is closed.
   */
  void close(SessionRow session, String reason) {
    call(() -> {
      var stub = stub(session);
      var request = temporal.newSignalWithStartRequest();
      request.add(stub::run, input(session));
      request.add(stub::close, new CloseInput(reason));
      return temporal.signalWithStart(request);
    });
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

  /** Sends an update; when the session has no workflow, with a new one. */
  private <I, R> R update(
      SessionRow session,
      String name,
      String updateId,
      Function<SessionWorkflow, Functions.Func1<I, R>> method,
      I input,
      Class<R> result,
      BooleanSupplier closed) {
    return call(() -> {
      try {
        return temporal
            .newUntypedWorkflowStub(WorkflowIds.session(session.project(), session.id()))
            .startUpdate(
                UpdateOptions.newBuilder(result)
                    .setUpdateName(name)
                    .setUpdateId(updateId)
                    .setWaitForStage(WorkflowUpdateStage.COMPLETED)
                    .build(),
                input)
            .getResult();
      } catch (WorkflowNotFoundException ended) {
        // A session is marked as closed before its workflow is: what closed it is known here.
        if (closed.getAsBoolean()) {
          throw Sessions.closed(session.id());
        }
        var stub = stub(session);
        return WorkflowClient.executeUpdateWithStart(
            method.apply(stub),
            input,
            UpdateOptions.<R>newBuilder().setUpdateId(updateId).build(),
            new WithStartWorkflowOperation<>(stub::run, input(session)));
      }
    });
  }

  private OpenResult open(SessionRow session, @Nullable String connection, String updateId) {
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
    return call(DEADLINE_SECONDS, command);
  }

  private <T> T call(long seconds, Callable<T> command) {
    var context =
        Context.current().withDeadline(Deadline.after(seconds, TimeUnit.SECONDS), deadlines);
    try {
      return context.call(command);
    } catch (WorkflowUpdateException refused) {
      throw new ProblemException(Failures.problem(refused));
    } catch (WorkflowNotFoundException ended) {
      throw new ProblemException(
          ProblemType.SESSION_CLOSED, "The session has no running workflow.", ended);
    } catch (WorkflowException failed) {
      throw unavailable(failed, seconds);
    } catch (RuntimeException failed) {
      throw failed;
    } catch (Exception checked) {
      throw new IllegalStateException(checked);
    } finally {
      context.cancel(null);
    }
  }

  private static ProblemException unavailable(Exception cause, long seconds) {
    LOG.atWarn().setCause(cause).log("Temporal did not take a request");
    return new ProblemException(
        ProblemType.UNAVAILABLE,
        "Session service unavailable: Temporal or its workers did not take the request (%s); try again."
            .formatted(status(cause, seconds)),
        cause);
  }

  /** The status alone: what the server says is for the operator's log. */
  private static String status(Throwable cause, long seconds) {
    for (var inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof StatusRuntimeException refused) {
        return refused.getStatus().getCode().name();
      }
    }
    return "no answer in %d s".formatted(seconds);
  }
}
