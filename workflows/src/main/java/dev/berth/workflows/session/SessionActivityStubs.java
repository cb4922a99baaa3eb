package dev.berth.workflows.session;

import dev.berth.protocol.HostId;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.ports.PermitActivities;
import dev.berth.workflows.ports.SandboxActivities;
import dev.berth.workflows.ports.SessionActivities;
import dev.berth.workflows.ports.TurnActivities;
import dev.berth.workflows.ports.WorkspaceActivities;
import io.temporal.activity.ActivityCancellationType;
import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.common.Priority;
import io.temporal.common.RetryOptions;
import io.temporal.workflow.Workflow;
import java.time.Duration;

/** The stubs through which a session acts, with the times that hold for each kind of work. */
final class SessionActivityStubs {
  /** A statement or two; longer means that the database is away, and then it is tried again. */
  private static final Duration DATABASE = Duration.ofSeconds(10);

  /** Database work is repeated for as long as it takes, but not more often than this. */
  private static final RetryOptions UNTIL_IT_WORKS =
      RetryOptions.newBuilder()
          .setInitialInterval(Duration.ofMillis(200))
          .setMaximumInterval(Duration.ofSeconds(10))
          .build();

  /**
   * A worker that restarts comes back to its host's work; what fails for good the workflow sees.
   */
  private static final RetryOptions WHILE_THE_WORKER_RESTARTS =
      RetryOptions.newBuilder()
          .setInitialInterval(Duration.ofMillis(200))
          .setMaximumInterval(Duration.ofSeconds(2))
          .setMaximumAttempts(3)
          .build();

  private static final RetryOptions AS_LONG_AS_THE_SANDBOX_LIVES =
      RetryOptions.newBuilder()
          .setInitialInterval(Duration.ofMillis(200))
          .setMaximumInterval(Duration.ofSeconds(5))
          .build();

  /** A large workspace comes back from object storage before its sandbox starts. */
  private static final Duration RESTORE = Duration.ofMinutes(10);

  /** A large workspace goes there, and waits until the host has time for it. */
  private static final Duration SNAPSHOT = Duration.ofMinutes(15);

  /** What one turn could not make safe the next one can. */
  private static final RetryOptions UNTIL_THE_NEXT_TURN =
      RetryOptions.newBuilder()
          .setInitialInterval(Duration.ofSeconds(5))
          .setMaximumInterval(Duration.ofMinutes(1))
          .setMaximumAttempts(6)
          .build();

  private final SessionInput input;

  SessionActivityStubs(SessionInput input) {
    this.input = input;
  }

  SessionActivities session(String summary) {
    return Workflow.newActivityStub(
        SessionActivities.class,
        ActivityOptions.newBuilder()
            .setTaskQueue(TaskQueues.SESSIONS)
            .setStartToCloseTimeout(DATABASE)
            .setRetryOptions(UNTIL_IT_WORKS)
            .setSummary(summary)
            .build());
  }

  /** For a write that nothing waits for: it adds one event to the history, not three. */
  SessionActivities sessionLocally(String summary) {
    return Workflow.newLocalActivityStub(
        SessionActivities.class,
        LocalActivityOptions.newBuilder()
            .setStartToCloseTimeout(DATABASE)
            .setRetryOptions(UNTIL_IT_WORKS)
            .setSummary(summary)
            .build());
  }

  /** Nothing waits for it but the semaphore's answer, and that comes sooner this way. */
  PermitActivities permits(String summary) {
    return Workflow.newLocalActivityStub(
        PermitActivities.class,
        LocalActivityOptions.newBuilder()
            .setStartToCloseTimeout(DATABASE)
            .setRetryOptions(UNTIL_IT_WORKS)
            .setSummary(summary)
            .build());
  }

  SandboxActivities sandbox(HostId host, String summary) {
    return Workflow.newActivityStub(
        SandboxActivities.class,
        onHost(host, summary)
            .setStartToCloseTimeout(input.policy().start().plus(RESTORE))
            .setHeartbeatTimeout(input.policy().turnHeartbeat())
            .setRetryOptions(WHILE_THE_WORKER_RESTARTS)
            .build());
  }

  TurnActivities turn(HostId host, String summary) {
    return Workflow.newActivityStub(
        TurnActivities.class,
        onHost(host, summary)
            // Over all attempts: the next one takes hold of the same turn.
            .setScheduleToCloseTimeout(input.policy().turn())
            .setHeartbeatTimeout(input.policy().turnHeartbeat())
            .setRetryOptions(AS_LONG_AS_THE_SANDBOX_LIVES)
            .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
            .build());
  }

  /**
   * Says something to a turn that runs. It is said once, so it is said for as long as the turn may
   * run: to the worker that comes back, and behind an outage.
   */
  TurnActivities interrupt(HostId host, String summary) {
    return Workflow.newActivityStub(
        TurnActivities.class,
        onHostWhenItIsBack(host, summary)
            .setScheduleToCloseTimeout(input.policy().turn())
            .setStartToCloseTimeout(input.policy().interruptGrace().plus(DATABASE))
            .setRetryOptions(AS_LONG_AS_THE_SANDBOX_LIVES)
            .build());
  }

  WorkspaceActivities workspace(HostId host, String summary) {
    return Workflow.newActivityStub(
        WorkspaceActivities.class,
        onHost(host, summary)
            .setStartToCloseTimeout(SNAPSHOT)
            .setHeartbeatTimeout(input.policy().turnHeartbeat())
            .setRetryOptions(UNTIL_THE_NEXT_TURN)
            .build());
  }

  private ActivityOptions.Builder onHost(HostId host, String summary) {
    return onHostWhenItIsBack(host, summary).setScheduleToStartTimeout(input.policy().hostAnswer());
  }

  private ActivityOptions.Builder onHostWhenItIsBack(HostId host, String summary) {
    return ActivityOptions.newBuilder()
        .setTaskQueue(TaskQueues.host(host))
        .setPriority(Priority.newBuilder().setFairnessKey(input.accountId()).build())
        .setSummary(summary);
  }
}
