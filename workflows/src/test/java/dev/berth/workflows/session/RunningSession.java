package dev.berth.workflows.session;

import dev.berth.protocol.EndUserId;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowExecutionDescription;
import io.temporal.client.WorkflowOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The workflow of one session on Temporal's test server, with the fakes of what it works with. */
record RunningSession(
    FakeSessionActivities database,
    FakeHostActivities host,
    TestWorkflowEnvironment environment,
    SessionWorkflow workflow,
    String workflowId)
    implements AutoCloseable {
  static final HostId HOST = new HostId("host-1");
  private static final ProjectId PROJECT = new ProjectId("p1");

  /**
   * Starts a session.
   *
   * @param hosts those that the database knows, in order; only {@link #HOST} answers
   */
  static RunningSession start(HostId... hosts) {
    return start(SessionPolicy.DEFAULT, hosts);
  }

  static RunningSession start(SessionPolicy policy, HostId... hosts) {
    var database = new FakeSessionActivities(hosts);
    var host = new FakeHostActivities(database);
    var options =
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder()
                    .setDataConverter(TemporalPayloads.converter())
                    .build())
            .setWorkerFactoryOptions(
                WorkerFactoryOptions.newBuilder().setUsingVirtualWorkflowThreads(true).build());
    for (var key : SearchAttributes.all()) {
      options.registerSearchAttribute(key.getName(), key.getValueType());
    }
    var environment = TestWorkflowEnvironment.newInstance(options.build());
    var workerOptions =
        WorkerOptions.newBuilder()
            .setStickyQueueScheduleToStartTimeout(Duration.ZERO)
            .setDefaultDeadlockDetectionTimeout(5_000)
            .build();
    var sessions = environment.newWorker(TaskQueues.SESSIONS, workerOptions);
    sessions.registerWorkflowImplementationTypes(SessionWorkflowImpl.class);
    sessions.registerActivitiesImplementations(database);
    environment
        .newWorker(TaskQueues.host(HOST), workerOptions)
        .registerActivitiesImplementations(host);
    environment.start();
    var session = new SessionId(UUID.randomUUID().toString());
    var id = WorkflowIds.session(PROJECT, session);
    var workflow =
        environment
            .getWorkflowClient()
            .newWorkflowStub(
                SessionWorkflow.class,
                WorkflowOptions.newBuilder()
                    .setTaskQueue(TaskQueues.SESSIONS)
                    .setWorkflowId(id)
                    .build());
    WorkflowClient.start(
        workflow::run,
        new SessionInput(
            session, PROJECT, "a1", new EndUserId("alice"), "claude-sonnet-4-5", policy, null));
    return new RunningSession(database, host, environment, workflow, id);
  }

  @Override
  public void close() {
    environment.close();
  }

  /** A new message in the queue. */
  MessageId submit() {
    return submit(false);
  }

  MessageId submit(boolean interrupts) {
    var message = message();
    workflow.submitMessage(new SubmitInput(message, 1, interrupts));
    return message;
  }

  WorkflowExecutionDescription describe() {
    return environment.getWorkflowClient().newUntypedWorkflowStub(workflowId).describe();
  }

  static MessageId message() {
    return new MessageId(UUID.randomUUID().toString());
  }

  static TurnId turn(MessageId message) {
    return new TurnId(message.value());
  }

  /** Waits in real time; the fakes answer at once and the server skips its own. */
  static void eventually(BooleanSupplier condition) {
    var deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in 20 s");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }
}
