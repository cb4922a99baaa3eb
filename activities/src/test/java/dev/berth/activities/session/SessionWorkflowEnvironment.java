package dev.berth.activities.session;

import dev.berth.activities.TestSession;
import dev.berth.protocol.HostId;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflowImpl;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakePermitActivities;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The workflows of sessions on Temporal's test server, with sandboxes that exist in memory. */
record SessionWorkflowEnvironment(
    TestWorkflowEnvironment temporal,
    FakeSessionActivities memory,
    FakeHostActivities host,
    BoundedCalls calls)
    implements AutoCloseable {
  private static final HostId HOST = new HostId("host-1");

  /** More than a test has sessions. */
  private static final int PERMITS = 100;

  static SessionWorkflowEnvironment start() {
    var options =
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder()
                    .setDataConverter(TemporalPayloads.converter())
                    .build());
    SearchAttributes.all()
        .forEach(key -> options.registerSearchAttribute(key.getName(), key.getValueType()));
    var temporal = TestWorkflowEnvironment.newInstance(options.build());
    var memory = new FakeSessionActivities(HOST);
    var host = new FakeHostActivities(memory);
    var sessions = temporal.newWorker(TaskQueues.SESSIONS);
    sessions.registerWorkflowImplementationTypes(
        SessionWorkflowImpl.class, DeveloperSemaphoreWorkflowImpl.class);
    sessions.registerActivitiesImplementations(
        memory, new FakePermitActivities(temporal.getWorkflowClient(), PERMITS));
    temporal.newWorker(TaskQueues.host(HOST)).registerActivitiesImplementations(host);
    temporal.start();
    return new SessionWorkflowEnvironment(temporal, memory, host, new BoundedCalls());
  }

  WorkflowClient client() {
    return temporal.getWorkflowClient();
  }

  SessionWorkflow workflow(TestSession session) {
    return client()
        .newWorkflowStub(
            SessionWorkflow.class, WorkflowIds.session(TestSession.PROJECT, session.id()));
  }

  static void eventually(BooleanSupplier condition) {
    var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in 60 s");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  @Override
  public void close() {
    calls.close();
    temporal.close();
  }
}
