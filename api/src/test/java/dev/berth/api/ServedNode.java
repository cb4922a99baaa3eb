package dev.berth.api;

import static dev.berth.db.generated.Tables.MESSAGES;
import static java.util.Objects.requireNonNull;

import dev.berth.db.ApprovalLog;
import dev.berth.db.ApprovalLog.Standing.Answered;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.HostId;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.StopReason;
import dev.berth.protocol.event.TokenUsage;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflowImpl;
import dev.berth.workflows.ports.SessionActivities;
import dev.berth.workflows.session.SessionWorkflowImpl;
import dev.berth.workflows.testing.FakeHostActivities;
import dev.berth.workflows.testing.FakePermitActivities;
import dev.berth.workflows.testing.FakeSessionActivities;
import io.temporal.api.operatorservice.v1.AddSearchAttributesRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.OperatorServiceStubs;
import io.temporal.serviceclient.OperatorServiceStubsOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testserver.TestServer;
import io.temporal.testserver.TestServer.PortBoundTestServer;
import io.temporal.worker.WorkerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jooq.DSLContext;

/**
 * A whole api node with Temporal's test server behind it, and a worker whose sandboxes exist in
 * memory. What the sessions say and how turns end stands in the node's real database.
 */
public record ServedNode(
    ApiNode node,
    FakeHostActivities host,
    WorkerFactory workers,
    WorkflowServiceStubs temporal,
    PortBoundTestServer server)
    implements AutoCloseable {
  private static final HostId HOST = new HostId("host-1");
  private static final int PERMITS = 1000;

  public static ServedNode start() {
    return start(Map.of());
  }

  /**
   * @param settings of the node, by their Spring names
   */
  public static ServedNode start(Map<String, Object> settings) {
    var port = freePort();
    var address = "127.0.0.1:" + port;
    // Time passes as it does: a session that waits must not grow old meanwhile.
    var server = TestServer.createPortBoundServer(port, true);
    addSearchAttributes(address);
    var all = new HashMap<>(settings);
    all.put("temporal.address", address);
    var node = ApiNode.start(all);
    var db = node.db();
    var memory = new FakeSessionActivities((turn, reason) -> end(db, turn, reason), HOST);
    var host = new FakeHostActivities(memory);
    var temporal =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
    var client =
        WorkflowClient.newInstance(
            temporal,
            WorkflowClientOptions.newBuilder()
                .setDataConverter(TemporalPayloads.converter())
                .build());
    var workers = WorkerFactory.newInstance(client);
    var sessions = workers.newWorker(TaskQueues.SESSIONS);
    sessions.registerWorkflowImplementationTypes(
        SessionWorkflowImpl.class, DeveloperSemaphoreWorkflowImpl.class);
    sessions.registerActivitiesImplementations(
        new Stored(db, memory), new FakePermitActivities(client, PERMITS));
    workers.newWorker(TaskQueues.host(HOST)).registerActivitiesImplementations(host);
    workers.start();
    return new ServedNode(node, host, workers, temporal, server);
  }

  /** The events of sessions go to the database, and the decisions are those of the fake. */
  private record Stored(DSLContext db, FakeSessionActivities memory) implements SessionActivities {
    @Override
    public Allocated allocate(AllocateInput input) {
      return memory.allocate(input);
    }

    @Override
    public boolean hasAnotherHost(AnotherHostInput input) {
      return memory.hasAnotherHost(input);
    }

    @Override
    public RecordResult record(RecordInput input) {
      EventLog.append(
          db,
          new Request(
              input.sessionId(),
              EventWriter.PLATFORM,
              input.events().stream()
                  .map(event -> NewEvent.of(event.id(), event.event()))
                  .toList()));
      return memory.record(input);
    }

    @Override
    public ApprovalStands answerApproval(AnswerApprovalInput input) {
      return new ApprovalStands(
          ApprovalLog.answer(db, input.sessionId(), input.answer()) instanceof Answered(var stands)
              ? stands
              : null);
    }

    @Override
    public void withdrawApprovals(WithdrawApprovalsInput input) {
      ApprovalLog.withdrawAll(db, input.sessionId());
    }

    @Override
    public EndTurnResult endTurn(EndTurnInput input) {
      return memory.endTurn(input);
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
    node.close();
    temporal.shutdownNow();
    server.close();
  }

  private static void end(DSLContext db, TurnId turn, StopReason reason) {
    var session =
        db.select(MESSAGES.SESSION_ID)
            .from(MESSAGES)
            .where(MESSAGES.MESSAGE_ID.eq(UUID.fromString(turn.value())))
            .fetchSingle(MESSAGES.SESSION_ID);
    EventLog.append(
        db,
        new Request(
            new SessionId(requireNonNull(session).toString()),
            EventWriter.PLATFORM,
            List.of(
                NewEvent.of(turn.endEvent(), event(reason))
                    .inTurn(turn, new MessageId(turn.value())))));
  }

  private static SessionEvent event(StopReason reason) {
    return switch (reason) {
      case END_TURN -> new SessionEvent.TurnCompleted(reason, 0, 0, 0, TokenUsage.NONE, null);
      case INTERRUPTED -> new SessionEvent.TurnInterrupted(0, 0, 0, TokenUsage.NONE);
      case WITHDRAWN -> new SessionEvent.MessageWithdrawn(0);
      default ->
          new SessionEvent.TurnFailed(
              reason, new Problem(ProblemType.INTERNAL, "x"), 0, 0, 0, TokenUsage.NONE);
    };
  }

  private static void addSearchAttributes(String address) {
    var operator =
        OperatorServiceStubs.newServiceStubs(
            OperatorServiceStubsOptions.newBuilder()
                .setTarget(address)
                .validateAndBuildWithDefaults());
    try {
      var request = AddSearchAttributesRequest.newBuilder().setNamespace("default");
      for (var key : SearchAttributes.all()) {
        request.putSearchAttributes(key.getName(), key.getValueType());
      }
      operator.blockingStub().addSearchAttributes(request.build());
    } finally {
      operator.shutdownNow();
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
