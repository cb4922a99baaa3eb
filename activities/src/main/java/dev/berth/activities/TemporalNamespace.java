package dev.berth.activities;

import dev.berth.workflows.SearchAttributes;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.operatorservice.v1.AddSearchAttributesRequest;
import io.temporal.api.operatorservice.v1.ListSearchAttributesRequest;
import io.temporal.api.workflowservice.v1.CountWorkflowExecutionsRequest;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.RegisterNamespaceRequest;
import io.temporal.serviceclient.OperatorServiceStubs;
import io.temporal.serviceclient.OperatorServiceStubsOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the namespace and its search attributes unless they are there. A workflow that sets an
 * attribute that is not registered would never make progress, so this comes before any worker
 * polls.
 */
final class TemporalNamespace {
  private static final Logger LOG = LoggerFactory.getLogger(TemporalNamespace.class);

  /** How long the history of an ended workflow stays readable. */
  private static final Duration RETENTION = Duration.ofDays(7);

  private static final Set<Status.Code> NOT_KNOWN =
      Set.of(Status.Code.NOT_FOUND, Status.Code.INVALID_ARGUMENT);

  private static final Duration KNOWN = Duration.ofSeconds(90);

  /** The server's {@code system.namespaceCacheRefreshInterval}, 2 s, and the time of a look. */
  private static final Duration REFRESH = Duration.ofSeconds(3);

  private static final Duration LOOK = Duration.ofMillis(200);

  private final WorkflowServiceStubs temporal;
  private final String namespace;

  TemporalNamespace(WorkflowServiceStubs temporal, String namespace) {
    this.temporal = temporal;
    this.namespace = namespace;
  }

  void prepare() throws InterruptedException {
    if (register()) {
      awaitKnown("");
    }
    var operator =
        OperatorServiceStubs.newServiceStubs(
            OperatorServiceStubsOptions.newBuilder()
                .setChannel(temporal.getRawChannel())
                .validateAndBuildWithDefaults());
    if (addSearchAttributes(operator)) {
      awaitKnown(
          SearchAttributes.all().stream()
              .map(key -> key.getName() + " is not null")
              .collect(Collectors.joining(" and ")));
      // What is asked is the frontend; the history service, which refuses what it does not know,
      // looks by itself.
      TimeUnit.MILLISECONDS.sleep(REFRESH.toMillis());
    }
  }

  /** Gives true when the namespace is new. */
  private boolean register() {
    try {
      temporal
          .blockingStub()
          .describeNamespace(DescribeNamespaceRequest.newBuilder().setNamespace(namespace).build());
      return false;
    } catch (StatusRuntimeException missing) {
      if (missing.getStatus().getCode() != Status.Code.NOT_FOUND) {
        throw missing;
      }
      try {
        registerNamespace();
      } catch (StatusRuntimeException made) {
        // By another worker, between the two calls.
        if (made.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
          throw made;
        }
      }
      LOG.atInfo().log("registered the namespace {}", namespace);
      return true;
    }
  }

  private void registerNamespace() {
    temporal
        .blockingStub()
        .registerNamespace(
            RegisterNamespaceRequest.newBuilder()
                .setNamespace(namespace)
                .setWorkflowExecutionRetentionPeriod(
                    com.google.protobuf.Duration.newBuilder()
                        .setSeconds(RETENTION.toSeconds())
                        .build())
                .build());
  }

  /**
   * The server's services learn of a new namespace, and of its attributes, when they next look,
   * some seconds later.
   *
   * @param query uses what must be known
   */
  private void awaitKnown(String query) throws InterruptedException {
    var deadline = System.nanoTime() + KNOWN.toNanos();
    while (true) {
      try {
        temporal
            .blockingStub()
            .countWorkflowExecutions(
                CountWorkflowExecutionsRequest.newBuilder()
                    .setNamespace(namespace)
                    .setQuery(query)
                    .build());
        return;
      } catch (StatusRuntimeException notYet) {
        if (!NOT_KNOWN.contains(notYet.getStatus().getCode()) || System.nanoTime() > deadline) {
          throw notYet;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    }
  }

  /** Gives true when any was new. */
  private boolean addSearchAttributes(OperatorServiceStubs operator) {
    var known =
        operator
            .blockingStub()
            .listSearchAttributes(
                ListSearchAttributesRequest.newBuilder().setNamespace(namespace).build())
            .getCustomAttributesMap();
    var request = AddSearchAttributesRequest.newBuilder().setNamespace(namespace);
    for (var key : SearchAttributes.all()) {
      if (!known.containsKey(key.getName())) {
        request.putSearchAttributes(key.getName(), key.getValueType());
      }
    }
    if (request.getSearchAttributesCount() == 0) {
      return false;
    }
    operator.blockingStub().addSearchAttributes(request.build());
    LOG.atInfo().log("added {} search attributes", request.getSearchAttributesCount());
    return true;
  }
}
