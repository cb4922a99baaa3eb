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
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.session.SessionWorkflow.SubmitInput;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakePermitActivities;
import dev.berth.workflows.testing.FakeSessionActivities;
import dev.berth.workflows.testing.RecordedHistories;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowExecutionDescription;
import io.temporal.client.WorkflowOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The workflow of one session on Temporal's test server, with the fakes of what it works with. */
record RunningSession(
    FakeSessionActivities database,
    FakeHostActivities host,
    FakePermitActivities permits,
    TestWorkflowEnvironment environment,
    List<WorkerFactory> hostWorkers,
    SessionWorkflow workflow,
    String workflowId)
    implements AutoCloseable {
  static final HostId HOST = new HostId("host-1");
  private static final ProjectId PROJECT = new ProjectId("p1");
  private static final String ACCOUNT = "a1";
  private static final int PERMITS = 100;

  /** Where {@code tools/record-histories markers} wants the histories of tests. */
  private static final @Nullable String HISTORIES = System.getProperty("berth.histories");

  /** The default one; but nobody beats for what a test holds, and a slow machine is not a loss. */
  static final SessionPolicy POLICY =
      policy(
          SessionPolicy.DEFAULT.turn(),
          Duration.ofMinutes(10),
          SessionPolicy.DEFAULT.hostAnswer(),
          SessionPolicy.DEFAULT.outage());

  /** The default one, with these times. */
  static SessionPolicy policy(
      Duration turn, Duration turnHeartbeat, Duration hostAnswer, Duration outage) {
    var usual = SessionPolicy.DEFAULT;
    return new SessionPolicy(
        usual.idle(),
        usual.completionLinger(),
        usual.retention(),
        turn,
        turnHeartbeat,
        hostAnswer,
        usual.start(),
        usual.interruptGrace(),
        usual.startAttempts(),
        usual.turnAttempts(),
        outage,
        usual.background(),
        usual.firstSnapshot());
  }

  /**
   * Starts a session.
   *
   * @param hosts those that the database knows, in order; only {@link #HOST} answers
   */
  static RunningSession start(HostId... hosts) {
    return start(PERMITS, hosts);
  }

  /** Starts a session with other times and bounds. */
  static RunningSession start(SessionPolicy policy, HostId... hosts) {
    return start(policy, PERMITS, Duration.ZERO, false, hosts);
  }

  /**
   * Starts a session.
   *
   * @param permits how many sessions of its account may work at once
   */
  static RunningSession start(int permits, HostId... hosts) {
    return start(POLICY, permits, Duration.ZERO, false, hosts);
  }

  /** Starts a session whose host can be lost. */
  static RunningSession startOnAHostOfItsOwn(SessionPolicy policy) {
    return start(policy, PERMITS, Duration.ZERO, true, HOST);
  }

  /** Starts a session whose workers remember it between tasks, as in production. */
  static RunningSession startCached(HostId... hosts) {
    return start(POLICY, PERMITS, Duration.ofSeconds(5), false, hosts);
  }

  /**
   * Starts a session.
   *
   * @param sticky how long a worker keeps a workflow's next task for itself; the test server never
   *     gives it to another one, so it is zero where workers come and go
   * @param ownHost whether {@link #HOST} has a worker of its own, that can be lost
   */
  private static RunningSession start(
      SessionPolicy policy, int permits, Duration sticky, boolean ownHost, HostId... hosts) {
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
    var semaphores = new FakePermitActivities(environment.getWorkflowClient(), permits);
    var workerOptions =
        WorkerOptions.newBuilder()
            .setStickyQueueScheduleToStartTimeout(sticky)
            .setDefaultDeadlockDetectionTimeout(5_000)
            .build();
    var sessions = environment.newWorker(TaskQueues.SESSIONS, workerOptions);
    sessions.registerWorkflowImplementationTypes(
        SessionWorkflowImpl.class, DeveloperSemaphoreWorkflowImpl.class);
    sessions.registerActivitiesImplementations(database, semaphores);
    var hostWorkers = new ArrayList<WorkerFactory>();
    if (ownHost) {
      hostWorkers.add(hostWorker(environment, host));
    } else {
      environment
          .newWorker(TaskQueues.host(HOST), workerOptions)
          .registerActivitiesImplementations(host);
    }
    environment.start();
    return session(policy, database, host, semaphores, environment, hostWorkers);
  }

  /** Another session of the same account, beside this one. */
  RunningSession another() {
    return session(POLICY, database, host, permits, environment, hostWorkers);
  }

  /** The worker of {@link #HOST} is gone; what it was at goes on for nobody. */
  void loseHostWorker() {
    hostWorkers.getLast().shutdownNow();
    hostWorkers.getLast().awaitTermination(1, TimeUnit.SECONDS);
  }

  /** Another worker takes up the work of {@link #HOST}. */
  void startHostWorker() {
    hostWorkers.add(hostWorker(environment, host));
  }

  private static WorkerFactory hostWorker(
      TestWorkflowEnvironment environment, FakeHostActivities host) {
    var factory = WorkerFactory.newInstance(environment.getWorkflowClient());
    factory.newWorker(TaskQueues.host(HOST)).registerActivitiesImplementations(host);
    factory.start();
    return factory;
  }

  /** The account's semaphore; there is none before the first session works. */
  DeveloperSemaphoreWorkflow semaphore() {
    return environment
        .getWorkflowClient()
        .newWorkflowStub(DeveloperSemaphoreWorkflow.class, WorkflowIds.semaphore(ACCOUNT));
  }

  private static RunningSession session(
      SessionPolicy policy,
      FakeSessionActivities database,
      FakeHostActivities host,
      FakePermitActivities permits,
      TestWorkflowEnvironment environment,
      List<WorkerFactory> hostWorkers) {
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
            session, PROJECT, ACCOUNT, new EndUserId("alice"), "claude-sonnet-4-5", policy, null));
    return new RunningSession(database, host, permits, environment, hostWorkers, workflow, id);
  }

  @Override
  public void close() {
    if (HISTORIES != null) {
      RecordedHistories.saveNewMarkers(
          Path.of(HISTORIES), environment.getWorkflowClient(), workflowId);
    }
    hostWorkers.forEach(WorkerFactory::shutdownNow);
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
